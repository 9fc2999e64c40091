"""The stages against a reference that shares no reasoning with them, over random histories.

`--histories N` runs as many (the default is a short sample); each is judged at a moment on its way or after all of it.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from collector.change.authorised import Basis, Move
from collector.change.matching import Flag
from collector.change.track import Judged
from collector.model import Verdict
from tests.oracle.histories import SPAN, TICK, History, history
from tests.oracle.oracle import Row, outcome
from tests.oracle.replay import Place, Replay

SAMPLE = 400
SHARDS = 20


@pytest.fixture(scope="module")
def seeds(request: pytest.FixtureRequest) -> range:
    return range(request.config.getoption("--histories") or SAMPLE)


END = (SPAN + 100) * TICK
"""A moment when every clock has run out."""


def moment(seed: int, of: History) -> int:
    """Return a moment at which a history is judged: after all of it, on its way, or while somebody's window is open."""
    chance = random.Random(seed)
    windows = [plan.window for story in of.stories if (plan := story.drafts[-1][1])]
    opened = [chance.randint(window.start // TICK, window.end // TICK + 1) * TICK for window in windows]
    return chance.choice((END, END, chance.randint(20, SPAN) * TICK, *opened))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_verdict_differs_from_the_reference(seeds: range, shard: int) -> None:
    seen: Counter[str] = Counter()
    for seed in seeds[shard::SHARDS]:
        of = history(seed)
        now = moment(seed, of)
        ours, theirs = of_the_product(of, now), of_the_reference(of, now)
        assert ours == theirs, f"history {seed} at {now // TICK}: {differences(ours, theirs)}"
        seen.update(row["verdict"] for row in ours[0])
    print(f"\n{len(seeds[shard::SHARDS])} histories, {seen.total()} verdicts: {dict(seen.most_common())}")


def test_the_sample_shows_every_verdict() -> None:
    seen = {
        (each.judgement.verdict, each.judgement.flags)
        for of, now in ((of, moment(seed, of)) for seed, of in enumerate(map(history, range(SAMPLE))))
        for followed in Replay(of, now).followed().values()
        for each in followed.items
    }
    assert {verdict for verdict, _ in seen} == set(Verdict)
    once = {verdict for verdict, flags in seen if Flag.SEEN_ONCE in flags}
    assert once == {Verdict.PENDING, Verdict.REVERTED}


def test_what_is_authorised_moved_only_with_cover(seeds: range) -> None:
    for seed in seeds[: max(SAMPLE // 2, len(seeds) // 10)]:
        for place, followed in Replay(history(seed), END).followed().items():
            uncovered = [move for move in followed.moves if not covered(move, followed.items)]
            assert not uncovered, f"history {seed}, {place}: {uncovered}"


def test_the_past_judged_again_gives_the_same_whatever_order_it_is_told_in(seeds: range) -> None:
    for seed in seeds[: max(SAMPLE // 8, len(seeds) // 50)]:
        of = history(seed)
        now = moment(seed, of)
        chance = random.Random(seed)
        shuffled = replace(
            of,
            readings=tuple(chance.sample(of.readings, len(of.readings))),
            stories=tuple(chance.sample(of.stories, len(of.stories))),
            traces=tuple(chance.sample(of.traces, len(of.traces))),
        )
        assert of_the_product(shuffled, now) == of_the_product(of, now), f"history {seed}"


def test_what_nobody_knew_yet_plays_no_part(seeds: range) -> None:
    for seed in seeds[: max(SAMPLE // 8, len(seeds) // 50)]:
        of = history(seed)
        now = moment(seed, of)
        then = replace(of, readings=tuple(each for each in of.readings if each.arrived <= now))
        assert of_the_product(then, now) == of_the_product(of, now), f"history {seed}"


# --- both outcomes as rows that can be compared


def of_the_product(of: History, now: int) -> tuple[list[Row], list[Row]]:
    followed = Replay(of, now).followed()
    rows = [_row(each) for course in followed.values() for each in course.items]
    return _sorted(rows), _sorted([_auth(place, move) for place, course in followed.items() for move in course.moves])


def of_the_reference(of: History, now: int) -> tuple[list[Row], list[Row]]:
    rows, auth = outcome(of, now)
    told = [{name: value for name, value in row.items() if name not in ("over", "once")} for row in rows]
    return _sorted(told), _sorted(auth)


def _row(judged: Judged) -> Row:
    item, judgement = judged.item, judged.judgement
    return {
        "ci": item.ci_id, "path": item.path, "source": item.source, "field": item.field, "authorised": item.authorised,
        "old": item.old, "new": item.new, "lo": item.lo, "hi": item.hi, "actor": item.actor, "claimed": item.claimed,
        "verdict": str(judgement.verdict), "change": judgement.change, "flags": sorted(judgement.flags),
        "late": judgement.late_ms, "due": judgement.due_at, "closed": judgement.closed_at,
    }  # fmt: skip


def _auth(place: Place, move: Move) -> Row:
    ci_id, path = place
    return {
        "ci": ci_id, "path": path, "value": move.value, "from": move.valid_from, "basis": str(move.basis),
        "reference": move.reference,
    }  # fmt: skip


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))


def differences(ours: tuple[list[Row], list[Row]], theirs: tuple[list[Row], list[Row]]) -> str:
    return "\n".join(f"only {who}: {row}" for who, row in _only(ours, theirs))


def _only(ours: tuple[list[Row], list[Row]], theirs: tuple[list[Row], list[Row]]) -> Iterator[tuple[str, Row]]:
    for mine, other in zip(ours, theirs, strict=True):
        yield from (("the product", row) for row in mine if row not in other)
        yield from (("the reference", row) for row in other if row not in mine)


def covered(move: Move, items: tuple[Judged, ...]) -> bool:
    """Return whether an item stands behind this move: verified, authorised or accepted, with just this reference."""
    if move.basis is Basis.CORRECTION:
        return True
    return any(
        each.item.hi == move.valid_from
        and each.judgement.verdict in {Verdict.VERIFIED, Verdict.AUTHORISED, Verdict.ACCEPTED}
        and (move.basis is Basis.ACCEPTED or each.judgement.change == move.reference)
        and _shows(move, each)
        for each in items
    )


def _shows(move: Move, judged: Judged) -> bool:
    name, new = judged.item.field, judged.item.new
    return bool((move.value.get(name) if name else move.value) == new)
