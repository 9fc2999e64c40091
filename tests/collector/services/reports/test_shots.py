"""Photos on paper: below the row they belong to, with what they show, by whom and when; whatever was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from collector.report.value import Column, Kind, Part, Report, Shot, Table, standing
from collector.services.exports import FORMATS, bounds
from collector.services.exports.shots import MAX_SHOTS, chosen
from collector.web.catalogue import Texts
from tests.collector.services.reports import printed
from tests.collector.services.reports.camera import SECRET, taken

AT = 1_795_600_000_000
ITEM = {"zh": "冷通道地面", "en": "The floor of the cold aisle"}


def shot(name: str, content: bytes, shows: Any = ITEM, sha256: str = "") -> Shot:
    async def read() -> bytes:
        return content

    return Shot(name, shows, "王芳", AT, sha256 or hashlib.sha256(content).hexdigest(), read)


def table(shots: dict[int, Sequence[Shot]], rows: int = 3) -> Table:
    columns = (Column("item", Kind.OWN), Column("note"))
    return Table("items", columns, standing([(ITEM, f"row-{at}") for at in range(rows)]), shots=shots)


async def paper(language: str, *tables: Table) -> bytes:
    report = Report("inspection", AT, (), (), tables)
    return b"".join([piece async for piece in FORMATS["pdf"].write(report, Texts(language))])


@pytest.mark.parametrize(
    ("language", "said", "unreadable", "changed"),
    [
        ("zh-CN", "冷通道地面", "照片无法显示", "照片与上传时不一致"),
        ("en", "The floor of the cold aisle", "This photo cannot be shown", "Not the photo that was sent"),
    ],
)
async def test_a_photo_is_drawn_below_its_row_and_one_that_cannot_be_is_named(
    tmp_path: Path, language: str, said: str, unreadable: str, changed: str
) -> None:
    shots = [
        shot("INS-1-1.jpg", taken()), shot("INS-1-2.jpg", taken()[:700]), shot("INS-1-3.jpg", taken(), sha256="0" * 64),
        shot("INS-1-4.jpg", b""),
    ]  # fmt: skip
    made = await paper(language, table({1: shots}))
    text = printed.text(made, tmp_path)
    assert text.index("row-1") < text.index("INS-1-1.jpg") < text.index("row-2")
    assert "王芳 · 2026-11-25 09:46" in text
    assert (text.count(said), text.count(unreadable), text.count(changed)) == (3 + 4, 2, 1)
    assert [name for name in ("INS-1-2.jpg", "INS-1-3.jpg", "INS-1-4.jpg") if name not in text] == []
    assert len(printed.pictures(made, tmp_path)) == 1


async def test_nothing_of_where_and_by_whose_camera_a_photo_was_taken_is_in_the_file(tmp_path: Path) -> None:
    forms = ("JPEG", "PNG", "WEBP")
    assert all(SECRET in taken(form) for form in forms)
    made = await paper("en", table({0: [shot(form, taken(form)) for form in forms]}))
    pictures = printed.pictures(made, tmp_path)
    assert len(pictures) == len(forms)
    for each in (made, *pictures):
        assert SECRET not in each
        assert b"Exif" not in each


async def test_what_a_photo_is_said_to_show_does_nothing_on_paper(tmp_path: Path) -> None:
    said = "\u202egnp.exe\x1b[31m" + "长" * 50_000
    text = printed.text(await paper("en", table({0: [shot("INS-1-1.jpg", taken(), said)]})), tmp_path)
    assert not set(text) & set("\u202e\x1b")
    assert "INS-1-1.jpg" in text


async def test_more_photos_than_are_drawn_are_counted_in_a_line(tmp_path: Path) -> None:
    content = taken(size=(40, 30))
    many = [shot(f"INS-1-{at}.jpg", content) for at in range(MAX_SHOTS + 8)]
    made = await paper("en", table({0: many, 2: [shot("INS-1-last.jpg", content)]}))
    text = printed.text(made, tmp_path)
    assert f"{MAX_SHOTS} of {MAX_SHOTS + 9} photos are printed here; the other 9 are in the list of photos." in text
    assert "INS-1-last.jpg" in text
    assert text.count(".jpg") == MAX_SHOTS
    assert "row-2" in text.split(f"INS-1-{MAX_SHOTS - 2}.jpg")[1]


async def test_a_photo_is_on_the_page_of_its_row_and_its_row_on_the_page_of_its_title(tmp_path: Path) -> None:
    photo = taken(size=(40, 30))
    plain = Table("doubts", (Column("note"),), standing([("plain",)] * 25))
    items = table({at: [shot(f"INS-1-{at}.jpg", photo)] for at in range(9)}, 9)
    pages = printed.text(await paper("en", plain, items), tmp_path).split("\f")
    on = {at: [number for number, page in enumerate(pages) if f"row-{at}\n" in page] for at in range(9)}
    assert on == {at: [number for number, page in enumerate(pages) if f"INS-1-{at}.jpg" in page] for at in range(9)}
    assert [number for number, page in enumerate(pages) if "Items by hand" in page] == on[0]
    assert on[0] != on[8]


async def test_photos_stay_with_their_row_where_rows_come_part_by_part(tmp_path: Path) -> None:
    async def fetch(cursor: str | None) -> Part:
        at = int(cursor or 0)
        return Part(tuple((ITEM, f"row-{at + each}") for each in range(2)), str(at + 2) if at < 4 else None)

    its = Table("items", (Column("item", Kind.OWN), Column("note")), fetch, shots={3: [shot("INS-1-1.jpg", taken())]})
    text = printed.text(await paper("en", its), tmp_path)
    assert text.index("row-3") < text.index("INS-1-1.jpg") < text.index("row-4")


async def test_where_every_photo_is_drawn_no_line_counts_them(tmp_path: Path) -> None:
    made = await paper("en", table({0: [shot("INS-1-1.jpg", taken())]}), table({}))
    assert "are printed here" not in printed.text(made, tmp_path)


def test_every_row_has_a_photo_drawn_before_one_has_two() -> None:
    first = table({at: [shot(f"{at}-{turn}", b"") for turn in range(5)] for at in range(40)}, 40)
    drawn = chosen([first, table({0: [shot("second", b"")]})])
    assert len(drawn) == MAX_SHOTS
    assert {each.name for _, _, each in drawn} >= {f"{at}-0" for at in range(40)} | {"second"}
    assert [each.name for _, _, each in drawn][:2] == ["0-0", "1-0"]


def test_photos_of_rows_that_are_not_printed_are_not_read() -> None:
    assert chosen([table({bounds.MAX_PRINTED: [shot("late", b"")]})]) == []
