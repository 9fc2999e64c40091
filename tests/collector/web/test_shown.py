"""Values, numbers, times and lists are shown as people read them, and as nothing a machine would run."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.firmware import CHASSIS_TYPES
from collector.inert import shorten, visible
from collector.web import csvfile, units
from collector.web.catalogue import LANGUAGES, Texts
from collector.web.listing import Column, Spec, read
from collector.web.values import measurement, show
from collector.web.viewer import own_path

EN = Texts("en")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 中文 ✓", "plain 中文 ✓"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[31mred", "␛[31mred"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("\x9b31m", "[U+009B]31m"),
        ("evil\u202egnp.exe", "evil[U+202E]gnp.exe"),
        ("a\u200bb\ufeff\u2066c", "a[U+200B]b[U+FEFF][U+2066]c"),
        ("line\u2028end", "line[U+2028]end"),
        ("\ud800", "[U+D800]"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_a_mark(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_long_identifier_keeps_both_ends() -> None:
    assert shorten("short", 20) == "short"
    assert shorten("0123456789abcdefghij", 12) == "01234…efghij"


@given(st.text(), st.integers(8, 60))
def test_what_is_shortened_fits(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= max(limit, 12)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (256 * 1024**3, "256 GiB"), (10**24, "867362 EiB")],
)
def test_bytes_are_humane(number: int, text: str) -> None:
    assert units.bytes_text(number) == text


@pytest.mark.parametrize(
    ("ms", "length"),
    [(0, (0, "s")), (59_999, (59, "s")), (60_000, (1, "min")), (5 * 3_600_000, (5, "h")), (86_400_000, (1, "d")),
     (40 * 86_400_000, (1, "mo")), (800 * 86_400_000, (2, "y")), (-7_200_000, (2, "h"))],
)  # fmt: skip
def test_lengths_of_time_are_whole_numbers_of_one_unit(ms: int, length: tuple[int, str]) -> None:
    assert units.span(ms) == length


def test_a_time_is_exact_in_the_collectors_zone_and_can_be_picked_again() -> None:
    at = 1_795_600_000_000
    assert datetime.fromisoformat(units.exact(at).replace(" +", "+").replace(" -", "-")).timestamp() == at / 1000
    assert units.machine(at) == "2026-11-25T09:46:40Z"
    assert units.read_field(units.field_text(at)) == at
    assert units.read_field(units.machine(at)) == at
    assert units.zone().startswith("UTC")


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00", "9" * 40])
def test_what_is_no_time_says_nothing(text: str) -> None:
    assert units.read_field(text) is None


@pytest.mark.parametrize("at", [-1, 0, 2**62])
def test_a_time_out_of_this_world_is_still_shown(at: int) -> None:
    assert units.exact(at)
    assert units.machine(at)


@pytest.mark.parametrize(
    ("section", "field", "value", "text", "full"),
    [
        ("disks", "size_bytes", 1_200_243_695_616, "1.1 TiB", "1,200,243,695,616 B"),
        ("cpu", "max_mhz", 3900, "3.9 GHz", "3,900 MHz"),
        ("interfaces", "speed_mbps", 10_000, "10 Gbit/s", "10,000 Mbit/s"),
        ("memory_modules", "speed_mts", 3200, "3,200 MT/s", ""),
        ("listening_ports", "port", 8443, "8443", ""),
        ("filesystems", "readonly", False, "no", ""),
        ("dns", "search", [], "empty", ""),
        ("dns", "servers", ["a", "b", "c", "d", "e"], "a, b, c, d +1", "a, b, c, d, e"),
        ("hardware", "serial", None, "none", ""),
        ("hardware", "model", "x" * 60, "x" * 31 + "…" + "x" * 16, "x" * 60),
        ("of a newer agent", "what", {"a": 1}, "a=1", ""),
    ],
)
def test_a_value_is_shown_in_humane_units(section: str, field: str, value: Any, text: str, full: str) -> None:
    shown = show(section, field, value, EN)
    assert (shown.text, shown.full) == (text, full)


def test_times_of_the_catalogue_are_times_and_others_are_not() -> None:
    assert show("certificates", "not_after", "2026-12-09T23:59:59Z", EN).at == 1_796_860_799_000
    assert show("certificates", "not_after", "soon", EN).at is None
    assert show("hardware", "bios_date", "2026-12-09T23:59:59Z", EN).at is None


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [("memory_used_ratio", 0.371, "37 %"), ("swap_used_ratio", 0.004, "0.4 %"),
     ("memory_available_bytes", 1024, "1 KiB"), ("temperature_celsius", 41.7, "42 °C"),
     ("uptime_seconds", 90_000, "1 d"), ("load1", 0.5, "0.5")],
)  # fmt: skip
def test_a_measurement_has_the_unit_its_name_ends_with(metric: str, value: float, text: str) -> None:
    assert measurement(metric, value, EN) == text


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_no_cell_is_a_formula(start: str) -> None:
    assert csvfile.cell(f"{start}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), (-5, "-5"), (0.5, "0.5"), (["a", "b"], "a, b"), (["=a"], "'=a"), ("\x1b[2J", "␛[2J")],
)
def test_a_cell_is_what_the_list_shows(value: object, text: str) -> None:
    assert csvfile.cell(value) == text


@given(st.lists(st.lists(st.text(), min_size=1, max_size=4), max_size=5))
def test_a_csv_is_read_back_as_it_was_written(rows: list[list[str]]) -> None:
    read_back = list(csv.reader(io.StringIO(csvfile.lines(rows), newline="")))
    assert read_back == [[csvfile.cell(value) for value in row] for row in rows]


SPEC = Spec("/things", (Column("a", "a"), Column("b"), Column("c", shown=False)), {"state": ("x", "y")}, "a")


class _Asked:
    def __init__(self, query: str) -> None:
        from starlette.datastructures import QueryParams

        self.query_params = QueryParams(query)


def _read(query: str) -> Any:
    return read(SPEC, _Asked(query))  # type: ignore[arg-type]


def test_a_list_asks_only_for_what_it_offers() -> None:
    asked = _read("state=x&state=z&sort=drop&column=b&column=evil&q=+web+&cursor=")
    assert (asked.chosen, asked.sort, asked.names, asked.q, asked.cursor) == (
        {"state": ("x",)},
        "a",
        ("b",),
        "web",
        None,
    )


def test_a_lists_address_keeps_what_was_asked_and_forgets_the_page() -> None:
    asked = _read("state=x&state=y&q=a%26b&sort=-a&cursor=abc")
    assert asked.url() == "/things?q=a%26b&state=x&state=y&sort=-a"
    assert [chip.without for chip in asked.chips] == [
        "/things?q=a%26b&state=y&sort=-a", "/things?q=a%26b&state=x&sort=-a",
    ]  # fmt: skip
    assert asked.csv_url == "/things.csv?q=a%26b&state=x&state=y&sort=-a"
    assert _read("").url() == "/things"


def test_a_click_on_a_column_sorts_and_a_second_one_turns_round() -> None:
    a, b, _ = SPEC.columns
    assert (_read("").sorted_by(a), _read("").sort_url(a)) == ("ascending", "/things?sort=-a")
    assert (_read("sort=-a").sorted_by(a), _read("sort=-a").sort_url(a)) == ("descending", "/things")
    assert _read("").sorted_by(b) == ""


@pytest.mark.parametrize(
    "text", ["//evil.example", "https://evil.example", "/\\evil.example", "\\evil", "javascript:alert(1)", "", "cis"]
)
def test_a_form_sends_nobody_to_another_site(text: str) -> None:
    assert own_path(text) == "/"


def test_a_form_comes_back_to_its_page() -> None:
    assert own_path("/cis?q=a#b") == "/cis?q=a#b"


@pytest.mark.parametrize(("section", "field", "value", "zh", "en"), [
    ("hardware", "chassis_type", "rack_mount_chassis", "机架式", "rack mount"),
    ("interfaces", "admin", "down", "停用", "down"), ("interfaces", "state", "down", "断开", "down"),
    ("redundancy", "mode", "active_passive", "主备", "active–passive"),
    ("ups", "alarms", ["on_battery"], "电池供电", "on battery"),
])  # fmt: skip
def test_a_word_of_the_catalogue_is_read_in_ones_own_language(
    section: str, field: str, value: Any, zh: str, en: str
) -> None:
    assert show(section, field, value, Texts("zh-CN")).text == zh
    assert show(section, field, value, EN).text == en


def test_a_name_that_happens_to_be_such_a_word_stays_as_it_is() -> None:
    assert show("interfaces", "name", "standby", Texts("zh-CN")).text == "standby"
    assert show("interfaces", "state", "<b>down</b>", Texts("zh-CN")).text == "<b>down</b>"


def test_every_form_of_chassis_has_its_word() -> None:
    for language in LANGUAGES:
        assert not [each for each in CHASSIS_TYPES if Texts(language).fact("chassis_type", each) is None]
