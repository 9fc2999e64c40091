"""Who is believed about what: the shipped table, its rules by section, field and class, and its mistakes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from collector.config import shipped_rules
from collector.governance import load as load_governance
from collector.model import Path as ValuePath
from collector.precedence import HOUR_MS, UNLISTED, Precedences, load
from collector.record import HAND, IMPORT
from collector.yamlfile import BadFile
from wire.sections import SECTIONS

SOURCES = """
sources:
  agent: {rank: 10, ttl: 24h, reason: {zh: r, en: r}}
  snmp: {rank: 30, ttl: 12h, takeover: 24h, reason: {zh: r, en: r}}
  hand: {rank: 70, reason: {zh: r, en: r}}
"""


def table(tmp_path: Path, rules: str = "", sources: str = SOURCES) -> Precedences:
    file = tmp_path / "precedence.yaml"
    file.write_text(sources + rules)
    return load(file)


def day(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp() * 1000)


NOW = day("2026-11-25")


def ranks(found: Precedences, section: str, key: str, ci_class: str = "server", at: int = NOW) -> dict[str, int]:
    return {kind: each.rank for kind, each in found.order(ValuePath(section, key), ci_class, at).items()}


def test_a_source_has_its_rank_and_its_ttl_twice_which_hands_over_or_it_lasts(tmp_path: Path) -> None:
    order = table(tmp_path).order(ValuePath("os", "version"), "server", NOW)
    assert {kind: (each.rank, each.ttl_ms, each.takeover_ms) for kind, each in order.items()} == {
        "agent": (10, 24 * HOUR_MS, 48 * HOUR_MS), "snmp": (30, 12 * HOUR_MS, 24 * HOUR_MS), "hand": (70, None, None),
    }  # fmt: skip


def test_the_rule_that_names_more_goes_before_the_one_that_names_less(tmp_path: Path) -> None:
    found = table(tmp_path, """
rules:
  - {section: device, fields: [location], classes: [network], ranks: {hand: 1}, reason: {zh: r, en: r}}
  - {section: device, fields: [location], ranks: {hand: 2}, reason: {zh: r, en: r}}
  - {section: device, classes: [network], ranks: {hand: 3}, reason: {zh: r, en: r}}
  - {section: device, ranks: {hand: 4, snmp: 5}, reason: {zh: r, en: r}}
""")  # fmt: skip
    assert ranks(found, "device", "location", "network") == {"agent": 10, "snmp": 5, "hand": 1}
    assert ranks(found, "device", "location", "storage")["hand"] == 2
    assert ranks(found, "device", "model", "network")["hand"] == 3
    assert ranks(found, "device", "model", "storage")["hand"] == 4
    assert ranks(found, "os", "version") == {"agent": 10, "snmp": 30, "hand": 70}


def test_a_rule_on_a_class_goes_before_what_every_class_inherits_and_after_one_on_a_section(tmp_path: Path) -> None:
    found = table(tmp_path, """
rules:
  - {classes: [network], ranks: {hand: 2}, reason: {zh: class-wide, en: class-wide}}
  - {ranks: {hand: 3}, reason: {zh: inherited, en: inherited}}
  - {section: device, ranks: {hand: 4}, reason: {zh: of a section, en: of a section}}
""")  # fmt: skip
    assert ranks(found, "os", "version", "network")["hand"] == 2
    assert ranks(found, "os", "version", "server")["hand"] == 3
    assert ranks(found, "device", "model", "network")["hand"] == 4


def test_a_rule_holds_from_its_first_day_until_the_day_it_ends_and_the_past_keeps_its_own(tmp_path: Path) -> None:
    found = table(tmp_path, """
rules:
  - {section: os, ranks: {hand: 1}, until: 2026-03-01, reason: {zh: old, en: old}}
  - {section: os, ranks: {hand: 2}, from: 2026-03-01, until: 2026-06-01, reason: {zh: new, en: new}}
""")  # fmt: skip
    march, june = day("2026-03-01"), day("2026-06-01")
    its = [ranks(found, "os", "name", at=at)["hand"] for at in (0, march - 1, march, june - 1, june)]
    assert its == [1, 1, 2, 2, 70]
    assert [found.next_turn(at) for at in (0, march - 1, march, june)] == [march, march, june, None]


def test_a_mode_is_of_a_source_or_of_a_rule_with_the_reason_of_what_said_it(tmp_path: Path) -> None:
    found = table(tmp_path, """
rules:
  - {section: os, modes: {snmp: advisory, hand: fill-if-empty}, reason: {zh: seen from outside, en: seen from outside}}
""")  # fmt: skip
    order = found.order(ValuePath("os", "name"), "server", NOW)
    assert {kind: str(each.mode) for kind, each in order.items()} == {
        "agent": "authoritative", "snmp": "advisory", "hand": "fill-if-empty",
    }  # fmt: skip
    assert [order[kind].reason["en"] for kind in ("agent", "snmp")] == ["r", "seen from outside"]
    assert found.advisers == {"snmp"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sources: {agent: {rank: 0, reason: {zh: r, en: r}}}", "whole number"),
        ("sources: {agent: {rank: 10, takeover: 0h, reason: {zh: r, en: r}}}", "hours expected"),
        ("sources: {agent: {rank: 10, ttl: 0h, reason: {zh: r, en: r}}}", "hours expected"),
        ("sources: {agent: {rank: 10, ttl: 0, reason: {zh: r, en: r}}}", "text expected"),
        ("sources: {agent: {rank: 10, takeover: 48h, reason: {zh: r, en: r}}}", "before its ttl"),
        ("sources: {agent: {rank: 10, ttl: 48h, takeover: 24h, reason: {zh: r, en: r}}}", "before its ttl"),
        ("sources: {agent: {rank: 10, mode: king, reason: {zh: r, en: r}}}", "fill-if-empty"),
        ("sources: {agent: {rank: 10}}", "reason is missing"),
        ("sources: {agent: {rank: ten, reason: {zh: r, en: r}}}", "whole number"),
        ("rules: []", "sources is missing"),
        (SOURCES + "rules: [{section: a, ranks: {ghost: 1}, reason: {zh: r, en: r}}]", "ghost is no source"),
        (SOURCES + "rules: [{section: a, modes: {ghost: advisory}, reason: {zh: r, en: r}}]", "ghost is no source"),
        (SOURCES + "rules: [{section: a, reason: {zh: r, en: r}}]", "ranks or modes are missing"),
        (SOURCES + "rules: [{fields: [x], ranks: {hand: 1}, reason: {zh: r, en: r}}]", "section is missing"),
        (
            SOURCES + "rules: [{section: a, ranks: {hand: 1}, from: yesterday, reason: {zh: r, en: r}}]",
            "a day expected",
        ),
        (
            SOURCES + "rules: [{section: a, ranks: {hand: 1}, from: 2026-02-30, reason: {zh: r, en: r}}]",
            "a day expected",
        ),
        (
            SOURCES + "rules: [{section: a, ranks: {hand: 1}, from: 2026-02-02, until: 2026-02-02, "
            "reason: {zh: r, en: r}}]",
            "before",
        ),
        (SOURCES + "rules: [{section: a, ranks: {hand: 1}, reason: because}]", "a mapping expected"),
        (SOURCES + "rules: [{section: a, ranks: {hand: 1}, reason: {en: r}}]", "zh is missing"),
        (SOURCES + "rules: [{section: a, ranks: {hand: 1}}]", "reason is missing"),
        (
            SOURCES + "rules: [{section: a, classes: [king], ranks: {hand: 1}, reason: {zh: r, en: r}}]",
            "words expected",
        ),
        (SOURCES + "rules: [{section: a, fields: [1], ranks: {hand: 1}, reason: {zh: r, en: r}}]", "words expected"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadFile, match=rf"precedence.yaml:\d+: .*{why}"):
        table(tmp_path, "", text)


def test_two_rules_never_say_different_things_of_one_value_at_one_time(tmp_path: Path) -> None:
    one = "{section: os, fields: [name, version], ranks: {hand: 1}, until: 2026-03-01, reason: {zh: r, en: r}}"
    fine = (
        "{section: os, fields: [name], ranks: {hand: 2}, from: 2026-03-01, reason: {zh: r, en: r}}",
        "{section: os, fields: [build], ranks: {hand: 2}, reason: {zh: r, en: r}}",
        "{section: os, fields: [name], ranks: {snmp: 2}, modes: {hand: advisory}, reason: {zh: r, en: r}}",
        "{section: os, fields: [name], classes: [pc], ranks: {hand: 2}, reason: {zh: r, en: r}}",
    )
    for other in fine:
        table(tmp_path, f"rules: [{one}, {other}]")
    with pytest.raises(BadFile, match="something else of the same values"):
        table(
            tmp_path, f"rules: [{one}, {{section: os, fields: [name], ranks: {{hand: 2}}, reason: {{zh: r, en: r}}}}]"
        )


def test_people_rank_before_what_is_observed_only_where_the_shipped_table_says_so() -> None:
    found = load(shipped_rules() / "precedence.yaml")
    looking = set(found.sources) - {HAND, IMPORT}
    administrative = set()
    for section, shape in SECTIONS.items():
        for field in shape.fields:
            its = ranks(found, section, field)
            assert its[HAND] < its[IMPORT]
            if its[IMPORT] < min(its[kind] for kind in looking):
                administrative.add(f"{section}.{field}")
    assert administrative == {"device.location", "device.contact", "device.asset_tag", "hardware.asset_tag"}
    assert ranks(found, "record", "owner")[HAND] == 1
    assert UNLISTED.rank > ranks(found, "os", "version")[IMPORT]


def test_the_record_is_held_against_approvals_but_for_its_remark() -> None:
    policy = load_governance(shipped_rules() / "attributes.yaml").policy("record")
    assert (policy.level("owner").name, policy.level("note").name) == ("CONTROLLED", "INFORMATIONAL")
