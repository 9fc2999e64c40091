"""What a record needs, and the score it gets by that."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.classes import CLASSES
from collector.config import shipped_rules
from collector.report.needs import ANY, DAY_MS, Known, Need, Needs, load, score
from collector.web.catalogue import LANGUAGES, entries
from collector.yamlfile import BadFile
from wire.sections import SECTIONS

NOW = 1_000 * DAY_MS
NEEDS = Needs(
    {
        ANY: (Need("owner", (("record", "owner"),)),),
        "server": (
            Need("serial", (("hardware", "serial"), ("device", "serial")), frozenset({"virtual_machine"})),
            Need("address", (("interfaces", "*"),)),
        ),
    },
    {"os": 7 * DAY_MS, "packages": 7 * DAY_MS},
    30 * DAY_MS,
)
HEAD = "verified_days: 30\nreason: why\n"


def _known(ci_type: str = "pc_server", **more: object) -> Known:
    told = {"has": set(), "sections": {}, "confirmed_at": NOW} | more
    return Known("server", ci_type, **told)  # type: ignore[arg-type]


def test_a_value_at_any_of_its_places_is_enough() -> None:
    scored = score(NEEDS, _known(has={("device", "serial"), ("interfaces", "*")}), NOW)
    assert (scored.missing, scored.complete) == (("owner",), pytest.approx(2 / 3))
    assert scored.todo == ("fill",)


def test_a_type_that_has_no_such_value_does_not_need_it() -> None:
    assert score(NEEDS, _known("virtual_machine"), NOW).missing == ("owner", "address")


def test_only_sections_of_the_table_go_stale_and_only_behind_their_age() -> None:
    sections = {"os": NOW - 7 * DAY_MS, "packages": NOW - 7 * DAY_MS - 1, "users": 0}
    scored = score(NEEDS, _known(sections=sections), NOW)
    assert (scored.fresh, scored.stale) == (0.5, ("packages",))
    assert score(NEEDS, _known(sections={"users": 0}), NOW).fresh is None


@pytest.mark.parametrize(("days", "verified"), [(0, 1.0), (30, 1.0), (45, 0.5), (60, 0.0), (900, 0.0), (-3, 1.0)])
def test_a_word_verifies_for_its_time_and_fades_in_as_much_again(days: int, verified: float) -> None:
    scored = score(NEEDS, _known(confirmed_at=NOW - days * DAY_MS), NOW)
    assert scored.verified == verified
    assert ("verify" in scored.todo) == (verified < 1)


def test_the_whole_is_the_mean_of_what_applies() -> None:
    nothing = score(Needs(), _known(), NOW)
    assert (nothing.complete, nothing.fresh, nothing.whole, nothing.todo) == (None, None, 1.0, ())
    assert score(NEEDS, _known(sections={"os": 0}), NOW).whole == pytest.approx((0 + 0 + 1) / 3)


def test_the_table_that_is_shipped_speaks_of_all_classes_in_words_that_exist() -> None:
    shipped = load(shipped_rules() / "health.yaml")
    assert set(shipped.of_class) >= {*CLASSES, ANY} - {"unknown"}
    assert {section for section, _ in shipped.places} <= {*SECTIONS, "record", "software"}
    assert set(shipped.ages) <= {*SECTIONS, "software"}
    words = {f"report_need.{need.name}" for needs in shipped.of_class.values() for need in needs}
    assert not [word for language in LANGUAGES for word in words if word not in entries(language)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "mapping expected"),
        ("verified_days: 0\nreason: x\nneeds: {}\nsections: {}", "number of days"),
        (HEAD + "needs: {servers: {}}\nsections: {}", "no such class"),
        (HEAD + "needs: {any: {owner: {at: [], reason: x}}}\nsections: {}", "places such as"),
        (HEAD + "needs: {any: {owner: {at: [owner], reason: x}}}\nsections: {}", "places such as"),
        (HEAD + "needs: {any: {owner: {at: [a.b], not_for: [pig], reason: x}}}\nsections: {}", "no such type: pig"),
        (HEAD + "needs: {any: {owner: {at: [a.b]}}}\nsections: {}", "reason is missing"),
        (HEAD + "needs: {}\nsections: {os: {age: 7h, reason: x}}", "days such as"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "health.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match=why):
        load(file)
