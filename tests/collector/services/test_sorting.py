"""One vocabulary: alarms come in under categories of the desk's, and what stands under other words is brought there."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import rulebook
from collector.channel import Wants
from collector.desk import table
from collector.model import Cause
from collector.pipeline import policies
from collector.services.incidents import admitting, sorting
from collector.store import incidents, schema
from collector.store.engine import Store, insert
from collector.workcalendar import Calendar
from collector.yamlfile import BadFile

RULES = Path(__file__).parents[3] / "rules"
TABLE = table.load(RULES / "desk.yaml", Calendar())
NOW = 1_790_000_000_000


def alarm(sort: str) -> Cause:
    detail = {"ci": {"uid": "u1"}, "category": sort}
    return Cause(f"rule|X|u1|{sort}", 1, "alert", "error", {"zh": "x", "en": "x"}, detail, NOW, category=sort)


async def _ci(store: Store) -> None:
    async with store.write() as tx:
        row = {"id": 1, "uid": "u1", "ci_class": "server", "ci_type": "pc_server", "name": "db-01", "state": "active",
               "created_at": 0}  # fmt: skip
        await tx.execute(insert(tx, schema.ci), [row])


async def _words(store: Store) -> list[str]:
    async with store.read() as reader:
        return sorted(await incidents.categories(reader))


async def test_an_alarm_comes_in_under_a_category_and_its_rule_keeps_its_own_word(store: Store) -> None:
    await _ci(store)
    async with store.write() as tx:
        causes = [alarm("server/hardware"), alarm("security/login")]
        held = await incidents.held_of(tx, [1], causes, NOW)
        await admitting.carry_out(tx, held, incidents.Plan(open=tuple(causes)), TABLE, NOW)
    assert await _words(store) == ["account", "hardware"]


async def test_incidents_of_before_are_brought_under_categories_once(store: Store) -> None:
    await _ci(store)
    async with store.write() as tx:
        its = tuple(alarm(each) for each in ("server/hardware", "server/cpu", "network", "gone/word"))
        await incidents.apply(tx, incidents.Plan(open=its), NOW)
    async with store.write() as tx:
        assert await sorting.settle(tx, TABLE) == 3
    assert await _words(store) == ["hardware", "network", "other", "system"]
    async with store.write() as tx:
        assert await sorting.settle(tx, TABLE) == 0


def test_a_channel_hears_by_category_and_by_what_the_rule_calls_it() -> None:
    told = {"severity": "error", "category": "hardware", "detail": {"category": "server/hardware"}}
    heard = [Wants(categories=(each,)).takes(told) for each in ("hardware", "server", "server/hardware", "network")]
    assert heard == [True, True, True, False]


def test_every_shipped_rule_is_of_a_category() -> None:
    loaded = policies.load(RULES)
    assert {loaded.desk.category(each.rule.category) for each in loaded.rulebook.rules.values()} <= set(
        loaded.desk.categories
    )


def test_a_pack_whose_alarms_nobody_sorts_is_refused_with_file_and_line(tmp_path: Path) -> None:
    text = (RULES / "packs" / "time.yaml").read_text(encoding="utf-8")
    (tmp_path / "time.yaml").write_text(text.replace("category: server/time", "category: sever/time", 1), "utf-8")
    with pytest.raises(BadFile, match=r"time\.yaml:\d+: SRV-[A-Z]+-\d+: category: the desk sorts nothing"):
        rulebook.load(tmp_path, TABLE.knows)
    older = table.BUILT_IN
    assert rulebook.load(tmp_path, older.knows).rules, "a desk that sorts nothing yet refuses nothing"
