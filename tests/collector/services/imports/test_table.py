"""A file becomes rows, whatever its format and encoding; what is no list, or a bomb, is one clear refusal."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.services.imports import table
from collector.services.imports.table import MAX_ROW, WIDE, BadTable, read
from tests.collector.services.imports.lists import HEAD, ROWS, as_csv, as_json, as_xlsx, as_xml, zipped

SHEET = "xl/worksheets/sheet1.xml"


def rows(content: bytes) -> list[dict[str, str]]:
    return [dict(row) for _, row in read(io.BytesIO(content)).rows]


WANTED = [dict(zip(HEAD, row, strict=True)) for row in ROWS]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
@pytest.mark.parametrize("write", [as_csv, as_json, as_xml])
def test_a_list_is_read_in_every_format_and_encoding(write: Callable[..., bytes], encoding: str) -> None:
    found = read(io.BytesIO(write(encoding=encoding)))
    assert [dict(row) for _, row in found.rows] == WANTED
    assert (found.format, found.encoding) == (write.__name__.removeprefix("as_"), encoding.replace("gbk", "gb18030"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_told_by_the_headings_in_latin_letters(encoding: str) -> None:
    found = read(io.BytesIO(as_csv(head=[f"column {at} of it" for at in range(len(HEAD))], encoding=encoding)))
    assert [list(row.values()) for _, row in found.rows] == ROWS
    assert found.encoding == encoding


def test_a_workbook_is_read_by_its_first_sheet() -> None:
    found = read(io.BytesIO(as_xlsx()))
    assert list(found.rows) == [(2, WANTED[0]), (3, WANTED[1])]
    assert (found.format, found.encoding) == ("xlsx", "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_may_be_parted_by_comma_semicolon_or_tab(delimiter: str) -> None:
    text = f'type{delimiter}name\r\nswitch{delimiter}"a{delimiter} b\nsecond line"\r\n\r\n{delimiter}\r\n'
    assert rows(text.encode()) == [{"type": "switch", "name": f"a{delimiter} b\nsecond line"}]


def test_rows_are_numbered_as_people_count_them() -> None:
    text = b"\r\nname,owner\r\n\r\na,b\r\n,\r\nc,d\r\n"
    assert [number for number, _ in read(io.BytesIO(text)).rows] == [4, 6]
    assert [number for number, _ in read(io.BytesIO(as_json())).rows] == [1, 2]


@pytest.mark.parametrize("text", ['{"items": [%s]}', "[%s]", "%s", " \n[\n%s\n]\n"])
def test_json_is_an_array_a_page_of_items_or_an_object_a_line(text: str) -> None:
    objects = ['{"name": "a", "owner": null, "n": 7, "b": true}', '{"name": "b"}']
    between = "\n" if text == "%s" else ", "
    assert rows((text % between.join(objects)).encode()) == [{"name": "a", "n": "7", "b": "true"}, {"name": "b"}]


def bomb(**parts: bytes) -> bytes:
    return zipped({SHEET: b"<worksheet><sheetData/></worksheet>", **parts})


LAUGHS = b'<!DOCTYPE a [<!ENTITY b "lol">' + b"".join(
    b'<!ENTITY b%d "&b;&b;&b;&b;">' % n for n in range(9)
) + b"]><a><r><x>&b8;</x></r></a>"  # fmt: skip

BAD = {
    "billion laughs": LAUGHS,
    "external entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a><r><x>&b;</x></r></a>',
    "deep xml": b"<a>" * 50 + b"</a>" * 50,
    "nested row": b"<a><r><x><y>1</y></x></r></a>",
    "half xml": b"<a><r><x>1</x>",
    "long text": b"<a><r><x>" + b"x" * 40_000 + b"</x></r></a>",
    "zip bomb": bomb(big=bytes(30_000_000)),
    "many parts": zipped({f"part{n}": b"" for n in range(1100)}),
    "no sheet": zipped({"a.txt": b"hello"}),
    "half zip": as_xlsx()[:200],
    "sheet with entities": zipped({SHEET: LAUGHS}),
    "shared text that is not there": zipped({SHEET: b'<w><row><c t="s"><v>7</v></c></row></w>'}),
    "shared text minus one": zipped({SHEET: b'<w><row><c t="s"><v>-1</v></c></row></w>'}),
    "column beyond": zipped({SHEET: b'<w><row><c r="ZZZ1"><v>7</v></c></row></w>'}),
    "open quote": b'name,owner\r\n"a,b\r\n',
    "long line": b"name\r\n" + b"x" * (MAX_ROW + 10),
    "half json": b'[{"name": "a"}, {"na',
    "json of lists": b'[{"name": ["a"]}]',
    "json of numbers": b"[1, 2]",
    "json constant": b'[{"name": NaN}]',
    "deep json": b'[{"a": ' + b"[" * 20_000,
    "long json": b'[{"name": "' + b"x" * (MAX_ROW * 2),
    "no text": bytes(range(256)) * 4,
    "cut in gbk": "名称\r\n交换机".encode("gb18030") + b"\x81",
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_list_is_one_clear_refusal(what: str) -> None:
    with pytest.raises(BadTable) as bad:
        rows(BAD[what])
    assert 0 < len(str(bad.value)) < 300
    assert "\n" not in str(bad.value)


def test_a_list_is_read_row_by_row_however_long_it_is() -> None:
    line = b"switch,a name of some length,LB-000000001,2102353TESR0001,Huawei\r\n"
    content = io.BytesIO(b"type,name,label,serial,vendor\r\n" + line * 200_000)
    tracemalloc.start()
    assert sum(1 for _ in read(content).rows) == 200_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


def test_more_rows_than_a_list_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 3)
    assert len(rows(b"name\n" + b"a\n" * 3)) == 3
    with pytest.raises(BadTable, match="more than 3 rows"):
        rows(b"name\n" + b"a\n" * 4)


def only_refuses(content: bytes) -> None:
    with contextlib.suppress(BadTable):
        assert all(isinstance(each, str) for row in rows(content) for pair in row.items() for each in pair)


@settings(max_examples=300)
@given(st.binary(max_size=400))
@example(b"\xff\xfe")
@example(b"PK\x03\x04")
@example(b"<")
@example(b"[")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    only_refuses(content)


@settings(max_examples=300)
@given(st.sampled_from([as_csv(), as_csv(encoding="gb18030"), as_json(), as_xml(), as_xlsx()]), st.data())
def test_a_list_that_was_damaged_anywhere_is_read_or_refused(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    only_refuses(bytes(damaged[: data.draw(st.integers(1, len(damaged)))]))


JSON_TEXT = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=8,
)


@given(JSON_TEXT)
def test_any_json_is_read_or_refused(value: object) -> None:
    only_refuses(json.dumps(value).encode())


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_row_wider_than_its_headings_says_so_and_the_others_are_read(write: Callable[..., bytes]) -> None:
    found = rows(write([[*ROWS[0], "", "what", "is this"], ROWS[1], [*ROWS[1], "", ""]]))
    assert [WIDE in each for each in found] == [True, False, False], "empty cells beyond are no matter"
    assert found[1] == WANTED[1]
