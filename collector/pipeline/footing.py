"""How CIs stand, as what holds alerts back and what makes incidents of them need it: read from the store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.incident import causes
from collector.model import CI, Alert
from collector.pipeline.policies import Policies
from collector.reachability import BLIND, Standing
from collector.rootcause import NOWHERE, Footing, tells_of_reach
from collector.rulebook import Rulebook
from collector.store import alerts, cis, places, reach

_PARTS: Final = re.compile(r"\s*[/／>›|、,，]\s*")


def reach_rules(rulebook: Rulebook) -> frozenset[str]:
    """Return the rules that say a CI cannot be reached."""
    return frozenset(each.id for each in rulebook.rules.values() if tells_of_reach(each.rule, each.expr.reads))


def patient_rules(rulebook: Rulebook) -> list[tuple[frozenset[str], int]]:
    """Return (classes and types, ms) of the rules that say how long what cannot be reached waits for its parents."""
    its = (rulebook.rules[name].rule for name in sorted(reach_rules(rulebook)))
    return [(each.kinds, each.parent_grace_ms) for each in its if each.parent_grace_ms is not None and not each.shadow]


async def of_cis(
    tx: AsyncConnection, ci_ids: Iterable[int], policies: Policies, labelled: bool = False
) -> dict[int, Footing]:
    """Return the footing of those CIs that are watched, with the labels of all of them if so asked."""
    asked = sorted(set(ci_ids))
    standings = await reach.standings(tx, asked)
    roots = {each.behind or ci_id for ci_id, each in standings.items() if each.is_down}
    named = await cis.by_ids(tx, sorted(roots)) if roots else {}
    told = _told_by(await alerts.load(tx, roots) if roots else {}, named, policies)
    labels = await _labels(tx, asked) if labelled else {}
    watched = {ci_id: _footing(each, named, told) for ci_id, each in standings.items()}
    return {ci_id: _labelled(watched.get(ci_id, NOWHERE), labels.get(ci_id)) for ci_id in asked}


def _labelled(footing: Footing, labels: Mapping[str, str] | None) -> Footing:
    return replace(footing, labels=labels) if labels else footing


def _footing(each: Standing, named: Mapping[int, CI], told: Mapping[int, str]) -> Footing:
    root = each.behind or each.ci_id
    if not each.is_down or root not in named:
        return Footing(blind=each.why == BLIND, held=each.is_in_doubt)
    return Footing(True, each.answered_at, named[root].uid, told.get(root, ""), bool(each.behind), each.held)


def _told_by(
    found: Mapping[tuple[str, int, str], Alert], named: Mapping[int, CI], policies: Policies
) -> dict[int, str]:
    """Return root → the key of the cause that tells of its failure, where a rule does."""
    telling = reach_rules(policies.rulebook)
    told: dict[int, str] = {}
    for rule, ci_id, instance in sorted(key for key, each in found.items() if each.told and each.rule in telling):
        told.setdefault(ci_id, causes.alert_key(rule, named[ci_id].uid, instance))
    return told


async def _labels(tx: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    return {ci_id: labels_of(place) for ci_id, place in (await places.of_cis(tx, ci_ids)).items()}


def labels_of(place: str) -> dict[str, str]:
    """Return what the place in a record is called: `Plant 2 / Room 301 / Rack 7` is a site, a room, a rack."""
    parts = [each for each in _PARTS.split(place) if each]
    return {"place": place, **dict(zip(("site", "room", "rack"), parts, strict=False))}
