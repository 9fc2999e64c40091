"""Each kind of file is read back by somebody else's reader, and nothing in it does anything."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import openpyxl
import pytest

from collector.report.value import Cell, Column, Figure, Kind, Part, Report, Row, Table, standing
from collector.services.exports import FORMATS, bounds
from collector.services.exports.lines import folded
from collector.web.catalogue import Texts
from tests.collector.services.reports import printed

AT = 1_795_600_000_000
COLUMNS = (
    Column("ci", link=("/cis/", "id")),
    Column("state", Kind.WORD, "state"),
    Column("count", Kind.NUMBER),
    Column("whole", Kind.RATIO),
    Column("at", Kind.TIME),
    Column("software", Kind.TEXTS),
    Column("after", Kind.VALUE),
    Column("what", Kind.OWN),
    Column("id", hidden=True),
)
ORDINARY: Row = (
    "核心交换机-01", "active", 12, 0.25, AT, ("nginx 1.22", "bash"), {"version": "3.0"}, {"zh": "磁盘", "en": "Disk"},
    "u1",
)  # fmt: skip
HOSTILE = (
    "=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "http://x/", "a\x00b\x1b[31m\x07",
    "\u202egnp.exe", '"quoted", and;comma\nline', "</cell><script>alert(1)</script>&amp;", "]]>", "\ud800",
    "0123", "1e9",
)  # fmt: skip
LONG = "长" * 400_000 + "x" * 600_000


def _row(name: Cell) -> Row:
    return (name, "active", 1, 1.0, AT, (name,), {"k": name}, name, "u")


def _report(rows: list[Row], *more: Table) -> Report:
    table = Table("cis", COLUMNS, standing(rows))
    parameters = (Figure("at", AT, Kind.TIME), Figure("classes", ("server",), Kind.WORDS, "class"))
    return Report("status", AT, parameters, (Figure("cis", len(rows)),), (table, *more))


def _file(format_: str, report: Report, language: str = "zh-CN") -> bytes:
    async def whole() -> bytes:
        return b"".join([piece async for piece in FORMATS[format_].write(report, Texts(language))])

    return asyncio.run(whole())


def _csv(report: Report, language: str = "zh-CN") -> list[list[str]]:
    text = _file("csv", report, language).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def _sheet(report: Report, name: str = "配置项及版本") -> list[list[Cell]]:
    book = openpyxl.load_workbook(io.BytesIO(_file("xlsx", report)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    return [[cell.value for cell in row] for row in book[name].iter_rows()]


def _pages(report: Report, tmp_path: Path, language: str = "zh-CN") -> str:
    return printed.text(_file("pdf", report, language), tmp_path)


def test_a_table_alone_is_a_csv_of_nothing_else() -> None:
    head, row = _csv(_report([ORDINARY]))
    assert head == ["配置项", "状态", "数量", "总分", "时间", "安装的软件", "变动后", "内容", "编号"]
    assert row[:4] == ["核心交换机-01", "在用", "12", "0.25"]
    assert row[4].startswith("2026-11-25 ")
    assert row[5:] == ["nginx 1.22、bash", "version=3.0", "磁盘", "u1"]


def test_several_tables_stand_one_below_the_other_in_csv() -> None:
    rows = _csv(_report([ORDINARY], Table("open", (Column("items", Kind.NUMBER),), standing([(7,)]))), "en")
    assert rows[0] == ["CI status report"]
    assert rows[3] == ["CIs", "1"]
    assert rows[-3:] == [["Open findings"], ["Values"], ["7"]]


def test_no_cell_of_a_csv_is_a_formula_and_each_row_stays_a_row() -> None:
    rows = _csv(_report([_row(each) for each in HOSTILE]))[1:]
    assert len(rows) == len(HOSTILE)
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r＝"))]
    assert not [cell for row in rows for cell in row if set(cell) & set("\x00\x1b\x07\r\u202e\ud800")]


def test_json_holds_what_there_is_and_codes_instead_of_words() -> None:
    report = json.loads(_file("json", _report([ORDINARY, *map(_row, HOSTILE)])))
    rows = report["tables"]["cis"]["rows"]
    assert (report["report"], report["title"], report["figures"]) == ("status", "配置项状态报告", {"cis": 17})
    assert report["parameters"] == {"at": "2026-11-25T09:46:40.000Z", "classes": ["server"]}
    assert rows[0] == {
        "ci": "核心交换机-01", "state": "active", "count": 12, "whole": 0.25, "at": "2026-11-25T09:46:40.000Z",
        "software": ["nginx 1.22", "bash"], "after": {"version": "3.0"}, "what": {"zh": "磁盘", "en": "Disk"},
        "id": "u1",
    }  # fmt: skip
    assert [row["ci"] for row in rows[1:]] == list(HOSTILE)
    assert [each["title"] for each in report["tables"]["cis"]["columns"]][:2] == ["配置项", "状态"]


@pytest.mark.parametrize("format_", ["json", "csv", "xml"])
def test_what_is_for_programs_is_ascii_or_utf_8_and_ends(format_: str) -> None:
    assert _file(format_, _report([])).endswith(b"\n")


def test_xml_is_well_formed_whatever_devices_say() -> None:
    root = ElementTree.fromstring(_file("xml", _report([ORDINARY, *map(_row, HOSTILE)])))
    rows = root.findall("table/row")
    assert (root.get("title"), len(rows)) == ("配置项状态报告", 17)
    first = {cell.get("name"): cell for cell in rows[0]}
    assert (first["state"].text, first["at"].text) == ("active", "2026-11-25T09:46:40.000Z")
    assert [item.text for item in first["software"]] == ["nginx 1.22", "bash"]
    assert [cell.text for cell in rows[12] if cell.get("name") == "ci"] == [HOSTILE[11]]
    assert not root.findall(".//script")


def test_a_workbook_has_numbers_and_times_as_such_and_no_formula() -> None:
    rows = _sheet(_report([ORDINARY, *map(_row, HOSTILE)]))
    assert rows[1][:4] == ["核心交换机-01", "在用", 12, 0.25]
    assert rows[1][4].strftime("%Y-%m-%d") == "2026-11-25"
    assert [row[0] for row in rows[2:8]] == ["=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", "␍=1"]
    assert (rows[16][0], rows[17][0]) == ("0123", "1e9")


def test_a_workbook_begins_with_what_was_asked() -> None:
    book = openpyxl.load_workbook(io.BytesIO(_file("xlsx", _report([ORDINARY]), "en")))
    cover = book["CI status report"]
    assert [(row[0].value, row[1].value) for row in cover.iter_rows(min_row=4, max_row=5)] == [
        ("Classes", "Server"), ("CIs", 1),
    ]  # fmt: skip
    assert str(cover["A7"].value).startswith("Times are those of the collector (UTC")


def test_pages_hold_chinese_as_text_and_english_where_that_is_asked(tmp_path: Path) -> None:
    text = _pages(_report([ORDINARY]), tmp_path)
    assert "配置项状态报告" in text
    assert "核心交换机-01" in text
    assert "磁盘" in text
    assert "25.0 %" in text
    assert "CI status report" in _pages(_report([ORDINARY]), tmp_path, "en")


def test_pages_show_hostile_text_as_marks(tmp_path: Path) -> None:
    text = _pages(_report([_row(each) for each in HOSTILE]), tmp_path)
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "<script>" in text


def test_a_text_of_a_megabyte_is_cut_where_a_cell_cannot_hold_it(tmp_path: Path) -> None:
    report = _report([_row(LONG)])
    assert len(_csv(report)[1][0]) == bounds.MAX_CELL
    assert len(_sheet(report)[1][0]) == bounds.MAX_CELL
    assert json.loads(_file("json", report))["tables"]["cis"]["rows"][0]["ci"] == LONG
    assert ElementTree.fromstring(_file("xml", report)).findtext("table/row/cell") == LONG
    assert len(_pages(report, tmp_path)) < 20_000


def test_a_long_table_comes_part_by_part_and_only_the_first_rows_are_printed(tmp_path: Path) -> None:
    async def fetch(cursor: str | None) -> Part:
        at = int(cursor or 0)
        return Part(tuple((n,) for n in range(at, at + 500)), str(at + 500) if at < 5_500 else None)

    table = Table("open", (Column("items", Kind.NUMBER),), fetch)
    report = Report("status", AT, (), (), (table,))
    assert len(_csv(report)) == 6_001
    assert len(json.loads(_file("json", report))["tables"]["open"]["rows"]) == 6_000
    assert len(_sheet(report, "未关闭的配置变动")) == 6_001
    printed = _pages(report, tmp_path)
    assert "4,999" in printed
    assert "5,000" in printed.split("4,999")[1]
    assert "5,001" not in printed


def test_a_workbook_is_a_sound_zip_with_its_own_names_for_sheets_of_one_title() -> None:
    same = [Table("open", (Column("items", Kind.NUMBER),), standing([(n,)])) for n in range(3)]
    data = _file("xlsx", Report("status", AT, (), (), tuple(same)))
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    assert len(openpyxl.load_workbook(io.BytesIO(data)).sheetnames) == 4


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]), ("abc", ["abc"]), ("one two three", ["one", "two", "three"]),
        ("abcdefghijkl", ["abcde", "fghij", "kl"]),
        ("abcdefghijklmnopqrst", ["abcde", "fghij", "klmn…"]), ("中文标题很长啊", ["中文标题很", "长啊"]),
    ],
)  # fmt: skip
def test_a_text_is_folded_between_words_or_anywhere(text: str, lines: list[str]) -> None:
    assert folded(text, 5, lambda _: 1.0, 3) == lines
