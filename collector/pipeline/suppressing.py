"""Suppression with its store: maintenance windows, approved changes, waivers and the topology → what holds alerts back.

The state of an alert is none of its business. Whatever ends or begins by the clock has its time in the alert
(`look_at`); whoever sets, grants or ends something by hand has the alerts it concerns looked at again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import rootcause, suppression
from collector.alerting import AlertKey, key_of
from collector.change import approval
from collector.change.record import RULE, Change, Line, Window
from collector.compiled import CompiledRule
from collector.incident.foreign import named_as_rule
from collector.maintenance import SILENCE, MaintenanceWindow
from collector.model import CI, GONE, Alert, CiState, Outcome, Value
from collector.pipeline import footing
from collector.pipeline.policies import Policies
from collector.rootcause import NOWHERE, Footing
from collector.store import alerts, changes, cis, foreign_alerts, own_fields, standing_on, waivers, windows
from collector.store.foreign_alerts import Holding, Kept
from collector.suppression import Hold
from collector.waiver import ACCEPT, Waiver, effective_waiver, lowered, meets

GRACE_MS: Final = 15 * 60_000
"""How long before and after its window an approved change still accounts for what it is expected to do."""
REACH_MS: Final = 86_400_000
"""How far ahead changes are looked for; further ones are met by the daily look."""
_NO_LIFE: Final = GONE | {CiState.PROPOSED}


async def weigh(
    tx: AsyncConnection, moved: Collection[Alert], before: Mapping[AlertKey, Alert], policies: Policies, now: int
) -> list[Alert]:
    """Return alerts that `moved`, each with what holds it back at `now` (ms). `before`: all alerts of their CIs."""
    held = [each for each in moved if each.state != "ok" or each.flapping]
    shade = await _shade_of_ours(tx, {each.ci_id for each in held}, policies, now) if held else _Shade(now)
    shade.firing = {
        key_of(each)[:2] for each in {**before, **{key_of(one): one for one in moved}}.values() if each.fires
    }
    weighed = [shade.weighed(each, policies.rulebook.rules.get(each.rule)) for each in moved]
    await waivers.matched(tx, shade.matched, now)
    return weighed


async def look_again(tx: AsyncConnection, ci_ids: Collection[int], policies: Policies, now: int) -> set[int]:
    """Decide anew on all alerts of these CIs as they stand; return the CIs where that moved one."""
    before = await alerts.standing(tx, dict.fromkeys(ci_ids, ()))
    after = await weigh(tx, list(before.values()), before, policies, now)
    moved = [each for each in after if each != before[key_of(each)]]
    await alerts.save(tx, moved, before, now)
    return {each.ci_id for each in moved}


async def told_of_others(tx: AsyncConnection, touched: Mapping[int, CI], now: int) -> list[Kept]:
    """Return the alerts of other systems on these CIs that are causes of incidents, what holds them back decided anew.

    They fire by the word of others alone, so nothing is remembered of them but this.
    """
    before = await foreign_alerts.firing(tx, touched)
    if not before:
        return []
    shade = await _shade(tx, {each.ci_id: touched[each.ci_id] for each in before if each.ci_id is not None}, now)
    after = [shade.of_another(each) for each in before]
    await foreign_alerts.hold(tx, [new for old, new in zip(before, after, strict=True) if new.held != old.held])
    await waivers.matched(tx, shade.matched, now)
    return [each for each in after if each.held.told]


@dataclass(slots=True)
class _Shade:
    """All that may hold back alerts of some CIs. `own`: CI → its fields, also of what they stand on (`above`)."""

    now: int
    stand: Mapping[int, Footing] = field(default_factory=dict)
    own: Mapping[int, Mapping[str, Value]] = field(default_factory=dict)
    above: Mapping[int, Collection[int]] = field(default_factory=dict)
    waivers: list[Waiver] = field(default_factory=list)
    windows: list[MaintenanceWindow] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    firing: set[tuple[str, int]] = field(default_factory=set)
    matched: set[str] = field(default_factory=set)

    def weighed(self, alert: Alert, rule: CompiledRule | None) -> Alert:
        if rule is None:
            return suppression.weighed(alert, (), (), self.now)
        waivers = self.waivers if rule.rule.waivable else []
        return self._weighed(alert, list(self._changes(alert, rule)), list(self._topology(alert, rule)),
                             rule.rule.severity, waivers)  # fmt: skip

    def of_another(self, kept: Kept) -> Kept:
        """Return an alert of another system with what holds it back, and with the severity it counts for.

        What it reads nobody here knows: a change holds it only by its name, and what explains that its CI cannot be
        reached takes it in as a victim instead of holding it.
        """
        if self._is_clear(kept.ci_id):
            return replace(kept, held=Holding(held_by=kept.held.held_by, told=True))
        alert = _as_ours(kept)
        new = self._weighed(
            alert, [each for each in self.changes if _names(each.lines, alert)], (), kept.alert.severity, self.waivers
        )
        its = replace(kept.alert, severity=new.lowered) if new.lowered else kept.alert
        return replace(kept, alert=its, held=Holding(new.suppressed, new.held_by, new.look_at, new.told))

    def _weighed(
        self, alert: Alert, changes: list[Change], topology: Iterable[Hold], severity: str, waivers: Iterable[Waiver]
    ) -> Alert:
        if alert.ci_id not in self.own:
            return suppression.weighed(alert, (), (), self.now)
        windows = list(self._windows(alert))
        mine = [each for each in waivers if each.concerns(alert.rule, self.own[alert.ci_id], alert.instance)]
        waiver = effective_waiver(mine, alert.rule, self.own[alert.ci_id], alert.instance, self.now)
        if waiver and alert.fires:
            self.matched.add(waiver.number)
        holds = [*_of_windows(windows, self.now), *_of_changes(changes, self.now), *topology]
        if self.own[alert.ci_id]["state"] in _NO_LIFE:
            holds.append(Hold(suppression.LIFECYCLE))
        if waiver and waiver.effect == ACCEPT:
            holds.append(Hold(suppression.WAIVER, waiver.number))
        severity = str(alert.evidence.get("severity", severity))
        borders = [*_borders_of_windows(windows, self.now), *_borders_of_changes(changes), *_borders_of_waivers(mine)]
        return suppression.weighed(alert, holds, borders, self.now, lowered(severity, waiver))

    def _is_clear(self, ci_id: int | None) -> bool:
        """Return whether nothing there is can hold an alert of this CI back: so it is on most days."""
        own = self.own.get(ci_id or 0)
        return not (self.windows or self.changes or self.waivers) and own is not None and own["state"] not in _NO_LIFE

    def _windows(self, alert: Alert) -> Iterator[MaintenanceWindow]:
        """Yield the windows that are about this alert, whenever they are held."""
        for each in self.windows:
            on = [alert.ci_id, *(self.above.get(alert.ci_id, ()) if each.children else ())]
            if each.names(alert.rule, alert.instance) and any(each.chooses(self.own[one]) for one in on):
                yield each

    def _changes(self, alert: Alert, rule: CompiledRule) -> Iterator[Change]:
        """Yield the changes that expect this alert."""
        for each in self.changes:
            lines = [line for line in each.lines if line.ci_id == alert.ci_id]
            named = any(line.path.section == RULE for line in lines)
            if _names(lines, alert) if named else _moves(lines, rule):
                yield each

    def _topology(self, alert: Alert, rule: CompiledRule) -> Iterator[Hold]:
        for reason in rootcause.suppressed(self.stand.get(alert.ci_id, NOWHERE), rule.rule.depends):
            yield Hold(reason)
        for each in rule.rule.depends:
            if (each, alert.ci_id) in self.firing:
                yield Hold(suppression.PARENT_DOWN, each)


def _names(lines: Iterable[Line], alert: Alert) -> bool:
    """Return whether one of these lines names this alert: its rule and, where it says which, its instance."""
    named = [line for line in lines if line.ci_id == alert.ci_id and line.path.section == RULE]
    return any(meets(line.path.key, alert.rule) and line.field in ("", alert.instance) for line in named)


def _as_ours(kept: Kept) -> Alert:
    """Return an alert of another system as what holds alerts back reads one: its kind in the place of a rule."""
    its, held = kept.alert, kept.held
    return Alert(
        named_as_rule(its), kept.ci_id or 0, its.fingerprint, "firing", Outcome.PROBLEM, its.started_at, its.started_at,
        suppressed=held.suppressed, held_by=held.held_by, look_at=held.look_at, told=held.told,
    )  # fmt: skip


def _moves(lines: Iterable[Line], rule: CompiledRule) -> bool:
    """Return whether what these lines expect to move is what the rule reads: where no rule is named that must do."""
    return not rule.sections.isdisjoint(line.path.section for line in lines)


async def _shade_of_ours(tx: AsyncConnection, ci_ids: Collection[int], policies: Policies, now: int) -> _Shade:
    shade = await _shade(tx, await cis.by_ids(tx, sorted(ci_ids)), now)
    shade.stand = await footing.of_cis(tx, ci_ids, policies)
    return shade


async def _shade(tx: AsyncConnection, its: Mapping[int, CI], now: int) -> _Shade:
    """Return what may hold back alerts of these CIs, but for how they stand."""
    alive = await windows.alive(tx, now)
    above = await standing_on.above(tx, its) if any(each.children for each in alive) else {}
    others = {one for those in above.values() for one in those} - its.keys()
    found = {**its, **await cis.by_ids(tx, sorted(others))} if others else its
    planned = await changes.concerning(tx, its, Window(now - GRACE_MS, now + REACH_MS))
    return _Shade(
        now, own=await own_fields.of_cis(tx, found),
        above={ci_id: those & found.keys() for ci_id, those in above.items()},
        waivers=[each.waiver for each in await waivers.granted(tx, now)], windows=alive,
        changes=[each.change for each in planned if each.change.plan and approval.is_approved(each.change, now)],
    )  # fmt: skip


def _of_windows(windows: Iterable[MaintenanceWindow], now: int) -> Iterator[Hold]:
    for each in windows:
        if each.ends_at(now):
            yield Hold(suppression.SILENCE if each.kind == SILENCE else suppression.MAINTENANCE, each.uid)


def _borders_of_windows(windows: Iterable[MaintenanceWindow], now: int) -> Iterator[int]:
    for each in windows:
        yield from (each.ends_at(now), each.starts_after(now))


def _span(change: Change) -> tuple[int, int]:
    """Return from when until when (ms) a change accounts for what it does; nothing once it is cancelled."""
    assert change.plan is not None
    over = change.is_over_at or change.plan.window.end
    end = min(over + GRACE_MS, change.cancelled_at or over + GRACE_MS)
    return change.plan.window.start - GRACE_MS, end


def _of_changes(planned: Iterable[Change], now: int) -> Iterator[Hold]:
    for each in planned:
        start, end = _span(each)
        if start <= now < end:
            yield Hold(suppression.APPROVED_CHANGE, each.number)


def _borders_of_changes(planned: Iterable[Change]) -> Iterator[int]:
    return (border for each in planned for border in _span(each))


def _borders_of_waivers(mine: Iterable[Waiver]) -> Iterator[int]:
    return (border for each in mine for border in (each.starts, each.expires))


def depended_on(rules: Mapping[str, CompiledRule]) -> frozenset[str]:
    """Return the rules others wait for."""
    return frozenset(each for rule in rules.values() for each in rule.rule.depends if each in rules)


def is_founded_on(rules: Mapping[str, CompiledRule], moved: Iterable[Alert]) -> set[int]:
    """Return the CIs on which an alert moved that others wait for."""
    waited = depended_on(rules)
    return {each.ci_id for each in moved if each.rule in waited}
