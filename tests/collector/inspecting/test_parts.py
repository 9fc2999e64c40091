"""A scope that is too large for one report: several runs of one time, each with its report, incident and end."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.inspecting import scope
from collector.pipeline import inspecting
from collector.services.inspecting import runs
from collector.services.refused import Refused
from collector.stocktake import Thing
from collector.store import schema
from tests.collector.inspecting.hall import FIRST, Hall
from tests.collector.inspecting.hall import halls as halls
from tests.estate import DAY
from tests.people import shipped_policies

RULES = tuple(each for each in shipped_policies().rulebook.rules.values() if each.rule.pack == "server")


def in_parts(hall: Hall, most: int) -> Hall:
    """Let one report hold so many checks."""
    divide = partial(inspecting.divide, policies=shipped_policies(), most=most)
    hall.inspector = replace(hall.inspector, divide=divide)
    return hall


async def _names(hall: Hall, number: str) -> list[str]:
    return sorted(each.name for each in (await hall.seen(number)).things.values())


async def test_each_part_is_a_run_of_its_own_made_once(halls: Hall) -> None:
    await in_parts(halls, 1).plan(scope={"classes": ["server"]})
    halls.at = FIRST
    [made] = await halls.due()
    numbers = made.split(", ")
    assert [await _names(halls, each) for each in numbers] == [["srv-1"], ["srv-2"], ["srv-9"]]
    seen = [await halls.seen(each) for each in numbers]
    assert [each.run.new.title["en"].partition(" (")[2] for each in seen] == [
        "part 1 of 3)", "part 2 of 3)", "part 3 of 3)",
    ]  # fmt: skip
    assert [bool(each.items) for each in seen] == [True, False, False], "what people fill in they do once"
    assert len({each.run.incident for each in seen}) == 3
    assert await halls.due() == []
    await halls.fill_all(numbers[0])
    await halls.sign("ada", numbers[0])
    assert [(await halls.seen(each)).run.state for each in numbers] == ["signed", "open", "open"]


async def test_who_dies_between_two_parts_makes_the_rest(halls: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await in_parts(halls, 1).plan(scope={"classes": ["server"]})
    halls.at = FIRST
    real, left = runs._write, [2]

    async def die(*args: object) -> object:
        if not left[0]:
            raise RuntimeError("the power went")
        left[0] -= 1
        return await real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(runs, "_write", die)
        with pytest.raises(RuntimeError):
            await halls.due()
    assert await halls.count(schema.inspection_run) == 2
    [made] = await halls.due()
    assert (await _names(halls, made), await halls.count(schema.inspection_run)) == (["srv-9"], 3)


async def test_a_problem_persists_where_its_ci_is_in_another_part_now(halls: Hall) -> None:
    await in_parts(halls, 1000).plan(scope={"classes": ["server"]})
    halls.at = FIRST
    [whole] = await halls.due()
    assert [each.standing for each in (await halls.seen(whole)).lines if each.state == "PROBLEM"] == ["new"]
    in_parts(halls, 1)
    halls.at = FIRST + DAY
    await halls.disk("srv-1", 0.98)
    await halls.disk("srv-2", 0.5)
    [made] = await halls.due()
    lines = [each for number in made.split(", ") for each in (await halls.seen(number)).lines]
    assert [(each.rule, each.standing) for each in lines if each.state == "PROBLEM"] == [
        ("SRV-DISK-001", "persisting"),
    ]  # fmt: skip


async def test_another_look_at_a_part_is_of_its_cis_alone_and_by_hand_there_are_no_parts(halls: Hall) -> None:
    plan = await in_parts(halls, 1).plan(scope={"classes": ["server"]})
    halls.at = FIRST
    [made] = await halls.due()
    second = made.split(", ")[1]
    await halls.look_again(second)
    assert await _names(halls, second) == ["srv-2"]
    with pytest.raises(Refused, match="3 reports"):
        await halls.run_now(plan)


@given(
    st.lists(st.tuples(st.sampled_from(["", "A/1", "A/2", "B"]), st.sampled_from(["server", "pc", "network"]))),
    st.integers(1, 200),
)
def test_every_ci_is_in_one_part_and_no_part_takes_more_than_it_may(places: list[tuple[str, str]], most: int) -> None:
    things = [Thing(at, f"u{at}", f"n{at}", ci_class, "", "", "", place) for at, (place, ci_class) in enumerate(places)]
    parts = scope.divided(things, RULES, most)
    assert sorted(ci_id for part in parts for ci_id in part) == [each.ci_id for each in things]
    weight = {each.ci_id: sum(each.ci_class in rule.rule.kinds for rule in RULES) for each in things}
    assert all(len(part) == 1 or sum(weight[each] for each in part) <= most for part in parts if part)
    assert all(parts) or parts == [()]
