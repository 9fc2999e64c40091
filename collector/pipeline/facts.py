"""The facts a rule reads, fetched: bodies and ages of sections, the CI's own fields, what is looked back on."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import event
from collector.compiled import CompiledRule
from collector.inspection import Facts
from collector.language import History
from collector.model import CI, Value
from collector.pipeline import sampling
from collector.services.sweeps import lateness
from collector.store import alerts, known, own_fields, reach
from collector.store.known import Known
from wire.observation import Status

PATIENCE: Final = 4
"""A rule may be unable to read for so many times the age its facts may have."""
PATIENCE_MS: Final = 4 * 3_600_000
"""The same for rules whose facts never grow old."""
MAX_NAMED: Final = 20


async def read(
    connection: AsyncConnection,
    found: Mapping[int, CI],
    due: Mapping[int, Collection[CompiledRule]],
    rules: Mapping[str, CompiledRule] | None = None,
) -> dict[int, Facts]:
    """Return what is known of each of the CIs `found`, as far as the rules that are `due` (CI → rules) read it.

    `rules`: all there are, for those that go by which of them can read a CI no longer.
    """  # fmt: skip
    wanted = {ci_id: {name for rule in due[ci_id] for name in rule.sections | rule.beside} for ci_id in found}
    heads, bodies = await known.read(connection, wanted)
    seen = await known.agents(connection, found)
    watchers = {seen[ci_id].agent_id for ci_id in seen if any(rule.reads_watch for rule in due[ci_id])}
    owed = await lateness.due_of(connection, watchers) if watchers else {}
    reached = await reach.facts(connection, [ci_id for ci_id in found if any(rule.reads_reach for rule in due[ci_id])])
    asked = [ci_id for ci_id in found if any(rule.reads_blind for rule in due[ci_id])]
    blind = await alerts.blind(connection, asked) if asked else {}
    told = await own_fields.records(
        connection, [ci_id for ci_id in found if any(rule.reads_record for rule in due[ci_id])]
    )
    histories = await sampling.histories(connection, due)
    facts = {}
    for ci_id, ci in found.items():
        opened = {name: json.loads(bodies[ci_id, name]) for name in wanted[ci_id] if (ci_id, name) in bodies}
        agent = {"agent": its.facts(owed)} if (its := seen.get(ci_id)) else {}
        agent |= {"reach": reached[ci_id]} if ci_id in reached else {}
        agent |= {"blind": _blind(blind.get(ci_id, {}), rules or {})} if asked else {}
        own = {**own_fields.own(ci, told.get(ci_id, {})), **agent, **opened}
        history = histories[ci_id].over(opened) if ci_id in histories else None
        facts[ci_id] = of_heads(heads.get(ci_id, {}), own, history)
    return facts


def _blind(since: Mapping[str, int], rules: Mapping[str, CompiledRule]) -> dict[str, object]:
    """Return what rules read of those that are blind (rule → since when, ms), the first to be so too long first."""
    ends = sorted(
        (at + (rules[name].rule.max_age_ms * PATIENCE or PATIENCE_MS), name)
        for name, at in since.items()
        if name in rules
    )
    if not ends:
        return {"count": 0, "rules": ""}
    named = ", ".join(name for _, name in ends[:MAX_NAMED]) + (" …" if len(ends) > MAX_NAMED else "")
    return {"count": len(ends), "rules": named, "since": min(since.values()), "due": ends[0][0]}


def of_heads(held: Mapping[str, Known], ci: Mapping[str, Value], history: History | None = None) -> Facts:
    """Return the facts of a CI of which this is known; an empty `ci` does for asking what cannot be read."""
    ages = {name: each.last_ok for name, each in held.items()}
    unheard = {} if event.SECTION in held else {event.SECTION: Status.UNSUPPORTED}  # it never spoke by itself
    silent = unheard | {name: each.status for name, each in held.items() if each.status is not Status.OK}
    present = ci or {name: None for name, each in held.items() if each.last_ok}
    return Facts(present, ages, silent, history=history)
