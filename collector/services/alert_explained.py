"""Why a rule says what it says of a CI: limits, facts, timers, what holds its alerts back, how they moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.alerting import PENDING, RECOVERING, swing
from collector.compiled import CompiledRule
from collector.incident import alert_key
from collector.inspection import params_of
from collector.model import CI, Alert, Value
from collector.services.inspections import Rules
from collector.services.missing import NotFound
from collector.store import alert_acks, alerts, cis, incidents, known, members, own_fields
from collector.store.alert_acks import Ack
from collector.store.alerts import AlertMove as AlertMove

MOVES = 50


@dataclass(frozen=True, slots=True)
class Read:
    """A section the rule reads: how its latest reading came about, and when it was last confirmed (ms; 0: never)."""

    section: str
    status: str
    confirmed_at: int
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Instance:
    """One alert. `why_not_yet`: a word for what it waits for, "" when for nothing; `until`: at the earliest when (ms).

    `swing`: how much of its last states were changes, in percent; `seen`: who said that they have seen it, the latest
    first; `incident`: the number of the one it stands in, "" for none.
    """

    alert: Alert
    why_not_yet: str
    until: int
    swing: float
    moves: tuple[AlertMove, ...]
    seen: tuple[Ack, ...] = ()
    incident: str = ""

    @property
    def ack(self) -> Ack | None:
        """Who has seen this episode, while it fires."""
        last = self.seen[0] if self.seen else None
        stands = last is not None and last.ended_at is None and last.episode == self.alert.episode
        return last if stands and (self.alert.fires or self.alert.flapping) else None


@dataclass(frozen=True, slots=True)
class Explained:
    """All about one rule on one CI. `limits`: its constants as they are for this CI, `overridden` those that differ."""

    rule: CompiledRule
    ci: CI
    limits: Mapping[str, Value]
    overridden: frozenset[str]
    reads: tuple[Read, ...]
    instances: tuple[Instance, ...]


async def explained(
    connection: AsyncConnection, rules: Rules, rule_id: str, uid: str, now: int, instance: str | None = None
) -> Explained:
    """Return it for all instances, or for one; raise `NotFound`."""
    rule, ci = rules.get(rule_id), (await cis.by_uids(connection, [uid])).get(uid)
    if rule is None:
        raise NotFound("rule", rule_id)
    if ci is None:
        raise NotFound("CI", uid)
    own = (await own_fields.of_cis(connection, {ci.id: ci}))[ci.id]
    named = _params_of(rule)
    limits = {name: value for name, value in params_of(rule, own).items() if name in named}
    found = [each for key, each in sorted((await alerts.load(connection, [ci.id])).items()) if key[0] == rule_id]
    chosen = [each for each in found if instance in (None, each.instance)]
    overridden = frozenset(name for name, value in limits.items() if value != rule.params[name])
    told = await _incidents(connection, ci)
    instances = tuple([
        await _instance(connection, each, rule, now, told.get(alert_key(each.rule, ci.uid, each.instance), ""))
        for each in chosen
    ])  # fmt: skip
    return Explained(rule, ci, limits, overridden, await _reads(connection, rule, ci, now), instances)


def _params_of(rule: CompiledRule) -> set[str]:
    """Return the constants of the pack that this rule goes by."""
    conditions = [rule.match, rule.expr, rule.recover, rule.where, *(condition for condition, _ in rule.levels)]
    paths = (path for each in conditions if each for path in each.reads)
    return {path[1] for path in paths if path[0] == "param" and len(path) > 1}


async def _reads(connection: AsyncConnection, rule: CompiledRule, ci: CI, now: int) -> tuple[Read, ...]:
    heads = (await known.heads(connection, [ci.id]))[ci.id]
    found = []
    for name in sorted(rule.sections):
        head = heads.get(name)
        at = head.last_ok if head else 0
        is_stale = bool(rule.rule.max_age_ms) and now - at > rule.rule.max_age_ms
        found.append(Read(name, head.status.name.lower() if head else "never_seen", at, is_stale))
    return tuple(found)


async def _incidents(connection: AsyncConnection, ci: CI) -> dict[str, str]:
    """Return key → number of the incident, of all causes the CI has."""
    its = await members.of_cis(connection, [ci.id])
    found = await incidents.by_ids(connection, sorted({each.incident_id for each in its}))
    numbers = {each.id: each.number for each in found}
    return {each.cause_key: numbers[each.incident_id] for each in its if each.incident_id in numbers}


async def _instance(connection: AsyncConnection, alert: Alert, rule: CompiledRule, now: int, incident: str) -> Instance:
    moves = await alerts.moves(connection, alert.rule, alert.ci_id, alert.instance, MOVES)
    why, until = _waits(alert, rule, now)
    share = swing(alert.bits, rule.rule.flap[0]) if rule.rule.flap and alert.bits else 0.0
    seen = await alert_acks.history(connection, (alert.rule, alert.ci_id, alert.instance), MOVES)
    return Instance(alert, why, until, round(share, 1), tuple(moves), seen, incident)


def _waits(alert: Alert, rule: CompiledRule, now: int) -> tuple[str, int]:
    """Return what an alert waits for before it is told, or before it ends."""
    if alert.state == PENDING:
        due = alert.since + rule.rule.hold_ms
        if due <= now and alert.samples < rule.rule.min_samples:
            return "samples", 0
        return "for", due
    if alert.state == RECOVERING:
        return "keep_firing_for", alert.keep_until
    if alert.fires and not alert.told:
        return ("suppressed", alert.look_at) if alert.suppressed else ("", 0)
    return "", 0
