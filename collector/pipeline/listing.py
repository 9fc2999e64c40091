"""Which CIs the devices of a list are: the same identity as of what is observed; those not known stand as proposed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import identifiers, identity
from collector.identifiers import Policy
from collector.model import CiState, DuplicateCase, Holder, Identifier, Subject
from collector.pipeline.identifying import HOST
from collector.pipeline.policies import Policies
from collector.record import DOUBTFUL, FOUND, MADE, Listed, Settled
from collector.store import cis, doubts, sources


async def settle(
    tx: AsyncConnection, source: str, devices: Sequence[tuple[Listed, int]], now: int, policies: Policies
) -> list[Settled]:
    """Return which CI each device of the list `source` is, inside the transaction `tx`.

    With each goes the CI the list itself names, 0 for none; where its identifiers name another one, that is a doubt.
    """
    await sources.ensure(tx, [source])
    source_id = (await sources.load(tx, [source]))[source].id
    return [await _settle(tx, source_id, device, named, now, policies) for device, named in devices]


async def _settle(
    tx: AsyncConnection, source_id: int, device: Listed, named: int, now: int, policies: Policies
) -> Settled:
    names = _usable(device, policies.identity)
    holders = await cis.holders(tx, names)
    ci_class, ci_type = await _kind(tx, device, named, holders)
    subject = Subject(HOST, ci_class, ci_type, device.name, names, {})
    answer = identity.identify(subject, holders, policies.identity)
    found = named or answer.ci_id or 0
    if answer.outcome in ("conflict", "ambiguous") or (named and answer.ci_id not in (None, named)):
        return Settled(DOUBTFUL, why=answer.case.why if answer.case else answer.matched_by)
    if named and (why := identity.contradiction(subject, (await cis.of(tx, [named]))[0], policies.identity)):
        return Settled(DOUBTFUL, why=why)
    if not found and not device.ci_type:
        return Settled(MADE)  # nobody knows it, and the list does not say what it is
    if not found:
        found = await cis.create(tx, subject, CiState.PROPOSED, "", cis.When.said(now))
        if answer.case is not None:
            case = DuplicateCase(answer.case.kind, answer.case.why, {**answer.case.evidence, found: "of a list"})
            await doubts.open_case(tx, case, f"new|{found}|{HOST}", now)
        await cis.identify_by(tx, found, names, source_id, now)
        return Settled(MADE, found)
    await cis.identify_by(tx, found, names, source_id, now)
    return Settled(FOUND, found)


async def _kind(tx: AsyncConnection, device: Listed, named: int, holders: Sequence[Holder]) -> tuple[str, str]:
    """Return class and type: as the list says; where it does not, as of the one CI it can speak of."""
    if device.ci_type:
        return device.ci_class, device.ci_type
    if named:
        ci = (await cis.by_ids(tx, [named]))[named]
        return ci.ci_class, ci.ci_type
    kinds = {(each.ci_class, each.ci_type) for each in holders}
    return kinds.pop() if len(kinds) == 1 else ("", "")


def _usable(device: Listed, policy: Policy) -> frozenset[Identifier]:
    """Return what may name the device; what is malformed or a placeholder names nothing."""
    known = (identifiers.normalise(kind, value, policy) for kind, value in device.identifiers if value)
    return frozenset(each for each in known if each is not None)
