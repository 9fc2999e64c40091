"""What probes tell of a sweep: counted, kept in the ledger, read by cause, stage and subnet; and nothing untrue."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.services import sweeps
from collector.services.sweeps.standing import STAGES, Standing, marks
from tests.collector.services.sweeping import NOW, Collector, row
from wire.sweep import Progress, TargetRow


async def test_a_sweep_is_counted_from_its_rows_and_ends(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    told = Progress(sweep, rows=(row(1), row(2, "sweep", "no_answer"), row(3, "identify", "timeout")), cursor="3")
    assert not await collector.tell(told, NOW + 1000)
    at = await collector.one(sweep)
    assert at.counts == {
        "planned": 9, "sweep": 3, "fingerprint": 2, "authenticate": 2, "identify": 2, "explore": 1, "alive": 2,
        "identified": 1, "failed": 1,
    }  # fmt: skip
    assert at.heard_at == NOW + 1000
    await collector.tell(Progress(sweep, rows=(row(3), row(1)), cursor="9", ended=True), NOW + 2000)
    at = await collector.one(sweep)
    assert (at.state, at.ended_at, at.counts["explore"], at.counts["failed"]) == ("done", NOW + 2000, 2, 0)
    assert await collector.tell(Progress(sweep, rows=(row(4),)))


async def test_a_ledger_is_read_by_cause_and_stage_and_by_subnet(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan({"ranges": ["10.1.0.0/16"]}))
    await collector.take()
    found = '{"class": "network", "model": "C9300", "cpu": [1], "name": "\\u0000"}'
    rows = [row(1, found_json=found), row(2, "sweep", "no_answer"), row(3, "authenticate", "no_credential")]
    await collector.tell(Progress(sweep, rows=(*rows, TargetRow("10.1.7.1", "identify", at_ms=1))))
    async with collector.store.read() as connection:
        (silent,) = await sweeps.targets(connection, sweep, cause="no_answer")
        (explored,) = await sweeps.targets(connection, sweep, cause="", stage="explore")
        assert await sweeps.targets(connection, "gone") == []
        assert len(await sweeps.targets(connection, sweep, after="10.1.0.2", limit=1)) == 1
        first, second = await sweeps.coverage(connection, sweep)
        assert await sweeps.coverage(connection, "gone") == []
    assert (silent.address, silent.stage) == ("10.1.0.2", "sweep")
    assert explored.found == {"class": "network", "model": "C9300", "name": ""}
    assert (first.subnet, first.targets, first.alive, first.identified) == ("10.1.0.0/24", 3, 2, 1)
    assert first.failed == {"no_answer": 1, "no_credential": 1}
    assert (second.subnet, second.targets, second.identified) == ("10.1.7.0/24", 1, 1)


@pytest.mark.parametrize(
    "lie",
    [
        TargetRow("10.9.0.1", "explore"), TargetRow("no address", "explore"), TargetRow("10.1.0.1", "won"),
        TargetRow("10.1.0.1", "explore", "<b>"), TargetRow("10.1.0.1", "explore", "x" * 41), TargetRow("", ""),
    ],
)  # fmt: skip
async def test_what_cannot_be_true_of_a_sweep_is_not_kept(collector: Collector, lie: TargetRow) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    await collector.tell(Progress(sweep, rows=(lie, row(2))))
    async with collector.store.read() as connection:
        assert [each.address for each in await sweeps.targets(connection, sweep)] == ["10.1.0.2"]


async def test_found_of_another_form_is_an_empty_object_and_time_does_not_come_from_the_future(
    collector: Collector,
) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    odd = ("[1]", "{", "[" * 4000, "{}" + " " * 9000, '"x"', '{"a": 1e999}')
    rows = tuple(TargetRow(f"10.1.0.{at}", "explore", found_json=each, at_ms=NOW * 9) for at, each in enumerate(odd, 1))
    await collector.tell(Progress(sweep, rows=rows))
    async with collector.store.read() as connection:
        found = await sweeps.targets(connection, sweep)
    assert [(each.found, each.at) for each in found] == [({}, NOW)] * len(odd)


async def test_only_the_probe_that_has_a_sweep_is_heard_about_it(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    assert await collector.tell(Progress(sweep, rows=(row(1),)))
    await collector.take()
    assert await collector.tell(Progress(sweep, rows=(row(1),), ended=True), probe=1)
    assert await collector.tell(Progress("gone"))
    at = await collector.one(sweep)
    assert (at.state, at.counts) == ("running", {"planned": 9})


# --- counting


ENDS = st.lists(
    st.tuples(st.sampled_from(STAGES), st.sampled_from(["", "no_answer", "timeout", "cancelled"])), max_size=8
)


@given(ENDS, ENDS)
@settings(deadline=None)
def test_counts_do_not_depend_on_how_often_a_target_was_told(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    once = Standing().moved([], after)
    twice = Standing(Standing().moved([], before)).moved(before, after)
    assert {name: n for name, n in twice.items() if n} == {name: n for name, n in once.items() if n}
    assert all(number >= 0 for number in twice.values())
    assert once.get("sweep", 0) == len(after)
    assert all(next(marks(*end)) == "sweep" for end in after)
