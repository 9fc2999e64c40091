"""People say which CI an alert is about: this one, or whatever bears the same label, from now on, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CI, GONE
from collector.security.audit import Act
from collector.services.inbound import binding
from collector.services.inbound.inbox import BOUND, Inbox, Moved
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import cis, foreign_alerts, foreign_bindings
from collector.store.foreign_alerts import Kept
from collector.store.foreign_bindings import BindingRow as BindingRow

MAX_BINDINGS: Final = 2_000


async def listed(connection: AsyncConnection) -> list[BindingRow]:
    """Return which labels mean which CI, the newest first."""
    return await foreign_bindings.listed(connection)


async def bind(act: Act, inbox: Inbox, number: int, uid: str) -> None:
    """Say which CI an alert is about; raise `NotFound`, `Refused`."""
    kept, ci = await _alert(act, number), await _ci(act, uid)
    await _bind(act, inbox, [kept], ci.id)
    act.tell("alert.bind", f"alert/{number}", {"ci": kept.ci_id}, {"ci": ci.id, "uid": ci.uid})


async def bind_label(act: Act, inbox: Inbox, number: int, label: str, uid: str) -> int:
    """Say that what bears a label as this alert does, or is called so, is that CI; of those that come later, too.

    Return how many alerts are about it by that now: this one, and those that were of no CI. Raise `NotFound`,
    `Refused`.
    """
    kept = await _alert(act, number)
    source, value = kept.alert.source, binding.words_of(kept.alert).get(label, "")
    if not value:
        raise Refused("the alert has no such label", "label")
    if await foreign_bindings.count(act.tx) >= MAX_BINDINGS:
        raise Refused(f"at most {MAX_BINDINGS} labels are kept", "label")
    ci = await _ci(act, uid)
    await foreign_bindings.save(act.tx, (source, label, value), ci.id, act.by, act.at)
    alike = await foreign_alerts.unbound(act.tx, source, value)
    its = {each.id: each for each in (kept, *alike) if binding.words_of(each.alert).get(label) == value}
    await _bind(act, inbox, list(its.values()), ci.id)
    said = {"source": source, "value": value, "ci": ci.id, "uid": ci.uid, "alerts": len(its)}
    act.tell("alert.bind_label", f"label/{label}", after=said)
    return len(its)


async def forget_label(act: Act, number: int) -> None:
    """Let a label mean no CI any more; alerts keep the one they have. Raise `NotFound`."""
    found = await foreign_bindings.find(act.tx, number)
    if found is None:
        raise NotFound("binding", str(number))
    await foreign_bindings.remove(act.tx, number)
    said = {"source": found.source, "value": found.value, "ci": found.ci_id}
    act.tell("alert.forget_label", f"label/{found.label}", said)


async def _bind(act: Act, inbox: Inbox, its: Sequence[Kept], ci_id: int) -> None:
    await foreign_alerts.bind(act.tx, [each.id for each in its], ci_id, act.by)
    await inbox.settled(act, [Moved(each.alert, each.ci_id, ci_id) for each in its], BOUND)


async def _alert(act: Act, number: int) -> Kept:
    kept = await foreign_alerts.find(act.tx, number)
    if kept is None:
        raise NotFound("alert", str(number))
    return kept


async def _ci(act: Act, uid: str) -> CI:
    ci = (await cis.by_uids(act.tx, [uid])).get(uid)
    if ci is None or ci.state in GONE:
        raise Refused("there is no such CI", "ci")
    return ci
