"""What a change hashes to: every word of it and nothing else; and when it was recorded as it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change.expected import Expected, How
from collector.change.record import Change, ChangeType, Stage, Window, Word
from collector.model import Path
from tests.collector.change.written import BORIS, change, exactly, hours, line

C1 = change(line(expected=exactly("V10")))
assert C1.plan
PLAN, REQUEST = C1.plan, C1.request


@pytest.mark.parametrize(
    "other",
    [
        replace(C1, plan=replace(PLAN, text="x")),
        replace(C1, plan=replace(PLAN, window=Window(PLAN.window.start, PLAN.window.end + 1))),
        replace(C1, plan=replace(PLAN, lines=())),
        replace(C1, plan=replace(PLAN, lines=(line(expected=exactly("V11")),))),
        replace(C1, plan=replace(PLAN, lines=(line(expected=Expected(How.PATTERN, "V10")),))),
        replace(C1, plan=replace(PLAN, lines=(line(Path("os", "name"), exactly("V10")),))),
        replace(C1, plan=replace(PLAN, lines=(line(expected=exactly("V10"), ci_id=9),))),
        replace(C1, plan=replace(PLAN, lines=(line(expected=exactly("V10"), field="f"),))),
        replace(C1, plan=None),
    ],
)
def test_every_word_of_the_plan_is_in_the_content_hash_alone(other: Change) -> None:
    assert other.content_hash != C1.content_hash
    assert other.request_hash == C1.request_hash


@pytest.mark.parametrize(
    "other",
    [
        replace(C1, initiator="x"),
        replace(C1, type=ChangeType.MAJOR),
        replace(C1, request=replace(REQUEST, title="x")),
        replace(C1, request=replace(REQUEST, reason="x")),
        replace(C1, request=replace(REQUEST, implementer="x")),
        replace(C1, request=replace(REQUEST, ci_ids=frozenset({1, 2}))),
    ],
)
def test_every_word_of_the_request_is_in_both_hashes(other: Change) -> None:
    assert other.request_hash != C1.request_hash
    assert other.content_hash != C1.content_hash


def test_what_people_said_and_did_of_it_and_when_it_was_written_is_in_neither() -> None:
    other = replace(
        C1, words=(Word(Stage.PLAN, "x", BORIS, 1, "x"),), finished_at=1, cancelled_at=1, number="C2",
        request=replace(REQUEST, written_at=1), plan=replace(PLAN, written_at=1),
    )  # fmt: skip
    assert (other.request_hash, other.content_hash) == (C1.request_hash, C1.content_hash)


def test_hashes_are_told_apart_where_texts_run_together() -> None:
    one = replace(C1, request=replace(REQUEST, title="ab", reason="c"))
    other = replace(C1, request=replace(REQUEST, title="a", reason="bc"))
    assert one.request_hash != other.request_hash


def test_it_was_recorded_when_its_last_part_was_written() -> None:
    assert replace(C1, plan=replace(PLAN, written_at=hours(5))).recorded_at == hours(5)
    assert replace(C1, request=replace(REQUEST, written_at=hours(6))).recorded_at == hours(6)


@pytest.mark.parametrize(("finished", "over"), [(None, 22), (21, 21), (30, 22)])
def test_work_is_over_when_its_end_is_told_and_at_the_latest_with_the_window(
    finished: float | None, over: float
) -> None:
    done = replace(C1, finished_at=None if finished is None else hours(finished))
    assert done.is_over_at == hours(over)
    assert replace(done, plan=None).is_over_at is None
