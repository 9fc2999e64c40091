"""What a rule says beside its conditions: that it may not be waived, what it keeps, what other CIs it names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path as Folder
from typing import Any

import pytest

from collector.compiled import compile_rule
from collector.inspecting.line import State
from collector.pipeline import inspecting
from collector.rulebook import Rulebook
from collector.services.refused import Refused
from collector.store import cis, schema
from collector.store.engine import Store, insert
from tests.collector.alerting.ground import DAY, Held, held


@pytest.fixture
async def ground(store: Store, tmp_path: Folder) -> Held:
    return await held(store, tmp_path)


def use(ground: Held, **said: Any) -> None:
    """Let the only rule that is run say this, too."""
    rule = replace(ground.book.rules["T-GAME-001"].rule, **said)
    ground.book = Rulebook({**ground.book.rules, rule.id: compile_rule(rule)}, {})
    ground.use("T-GAME-001")


async def test_what_may_not_be_waived_is_told_whatever_a_prefix_names(ground: Held) -> None:
    use(ground, waivable=False)
    with pytest.raises(Refused, match="no waiver is granted of this rule"):
        await ground.waive(10 * DAY)
    await ground.waive(10 * DAY, rule="T-*")  # T-AFTER-001 may be
    await ground.install()
    assert ((await ground.alert()).suppressed, len(await ground.open_ones())) == ((), 1)


@pytest.mark.parametrize(("waivable", "state"), [(True, State.WAIVED), (False, State.PROBLEM)])
async def test_an_inspection_calls_waived_only_what_may_be(ground: Held, waivable: bool, state: State) -> None:
    await ground.waive(10 * DAY, rule="T-*")
    use(ground, waivable=waivable)
    await ground.install()
    rules = list(ground.world.runner.policies.rulebook.rules.values())
    async with ground.world.store.read() as reader:
        found = await cis.by_ids(reader, [ground.ci_id])
        lines = await inspecting._lines(reader, found, rules, ground.world.now)
    assert [each.state for each in lines if each.instance] == [state]


async def test_what_a_rule_keeps_stands_in_its_incident_though_it_does_not_go_by_it(ground: Held) -> None:
    use(ground, attach=("ci.os.version", "p.arch"))
    await ground.install()
    [incident] = await ground.open_ones()
    evidence = json.loads(incident.detail)["evidence"]
    assert (evidence["ci.os.version"], evidence["p.arch"]) == ("12", "all")
    before = (await ground.alert()).seen_at
    ground.host.bodies["os"]["version"] = "13"
    await ground.tell()
    assert (await ground.alert()).seen_at == before, "what it does not go by makes no rule run"


async def test_a_ci_that_a_rule_names_is_linked_to_its_incident_where_one_is_called_so(ground: Held) -> None:
    store = ground.world.store
    async with store.write() as tx:
        two = [{"id": 900 + at, "uid": f"u{at}", "ci_class": "network", "ci_type": "switch", "name": name,
                "state": "active", "created_at": 0} for at, name in enumerate(("edge-1", "twin", "twin"))]  # fmt: skip
        await tx.execute(insert(tx, schema.ci), two)
    use(ground, related=("p.vendor",))
    await ground.install(vendor="edge-1")
    [incident] = await ground.open_ones()
    links = await store_rows(ground, incident.id)
    assert links == [("ci", "u0", "collector")]
    await ground.remove()
    await ground.later(2 * DAY)
    await ground.install(vendor="twin")
    [incident] = await ground.open_ones()
    assert await store_rows(ground, incident.id) == [], "two are called so"


async def store_rows(ground: Held, incident_id: int) -> list[tuple[str, str, str]]:
    its = schema.incident_link.c
    rows = await ground.world.rows(schema.incident_link, its.incident_id == incident_id)
    return [(row.kind, row.reference, row.who) for row in rows]
