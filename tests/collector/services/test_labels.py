"""Labels: what is stale, and what is printed, read back from the paper."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from collector.labels import FORMATS, Format, Text, code, differing, spots
from collector.services import label_pdf, labels
from collector.services.labels import Asked, Batch, Label
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.stocktake import Thing, scanned
from collector.store.engine import Store
from collector.web.catalogue import Texts
from tests.acts import act
from tests.estate import Estate, Seeded

BASE = "https://muster.example:8443"
UID = "6f1c1e0a-3a55-4c1b-9a55-0c8b0e3c7f11"
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftoppm") is None, reason="pdftoppm is not installed (Debian: apt-get install poppler-utils)"
)


def label(number: int, name: str = "核心交换机-01", base: str = BASE) -> Label:
    uid = f"{UID[:-4]}{number:04x}"
    thing = Thing(number, uid, name, "network", "switch", f"NET-{number:04d}", "王芳", "机房A/3排/07/U17")
    text = Text(thing.label, thing.name, thing.ci_class, thing.ci_type, thing.owner, thing.place)
    return Label(thing, text, code(uid, thing.label, base))


def pages(pdf: bytes, folder: Path, dpi: int = 300) -> list[Image.Image]:
    (folder / "labels.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", folder / "labels.pdf", folder / "page"], check=True)
    found = []
    for each in sorted(folder.glob("page*.png")):
        with Image.open(each) as image:
            found.append(image.convert("L"))
    return found


def text_of(pdf: bytes, folder: Path) -> str:
    (folder / "labels.pdf").write_bytes(pdf)
    done = subprocess.run(["pdftotext", folder / "labels.pdf", "-"], check=True, capture_output=True, text=True)
    return done.stdout


@needs_poppler
@pytest.mark.parametrize("paper", FORMATS.values(), ids=FORMATS.keys())
def test_every_code_on_the_paper_is_read_back_and_lies_within_its_label(paper: Format, tmp_path: Path) -> None:
    count, skip = min(paper.on_a_page + 1, 6), min(2, paper.on_a_page - 1)
    batch = Batch(paper, tuple(label(number) for number in range(count)), skip)
    drawn = pages(label_pdf.draw(batch, Texts("zh-CN")), tmp_path)
    wanted = list(zip(batch.labels, spots(paper, count, skip), strict=True))
    assert len(drawn) == wanted[-1][1][0] + 1
    scale = 300 / 25.4
    for page, image in enumerate(drawn):
        assert image.size == pytest.approx([side * scale for side in paper.page], abs=2)
        found = {each.text: each.position for each in zxingcpp.read_barcodes(image)}
        here = {each.code: spot for each, spot in wanted if spot[0] == page}
        assert found.keys() == here.keys()
        for said, position in found.items():
            _, left, top = here[said]
            assert left < position.top_left.x / scale < position.bottom_right.x / scale < left + paper.label[0]
            assert top < position.top_left.y / scale < position.bottom_right.y / scale < top + paper.label[1]


@needs_poppler
@pytest.mark.parametrize("paper", FORMATS)
def test_the_text_is_the_record_its_font_embedded(paper: str, tmp_path: Path) -> None:
    batch = Batch(FORMATS[paper], (label(7),), 0)
    pdf = label_pdf.draw(batch, Texts("zh-CN"))
    assert text_of(pdf, tmp_path).split() == ["NET-0007", "核心交换机-01", "交换机", "王芳", "机房A/3排/07/U17"]
    fonts = subprocess.run(["pdffonts", tmp_path / "labels.pdf"], check=True, capture_output=True, text=True).stdout
    (row,) = fonts.splitlines()[2:]
    assert row.split()[-5:-2] == ["yes", "yes", "yes"], "embedded, of what is used only, with its characters"


@needs_poppler
def test_hostile_names_stay_within_their_label(tmp_path: Path) -> None:
    names = ["\u202egnp.exe\x07\x00", "x" * 5000, "超长的名字" * 60, "𠮷野家 🙂", "' OR 1=1 --", "<b>&amp;</b>"]
    batch = Batch(FORMATS["roll_62x29"], tuple(label(at, name) for at, name in enumerate(names)), 0)
    drawn = pages(label_pdf.draw(batch, Texts("en")), tmp_path, 150)
    for image in drawn:
        edge = image.crop((image.width - 6, 0, image.width, image.height))
        assert edge.getextrema() == (255, 255), "a line runs out of its label"
    assert "□" in text_of(label_pdf.draw(batch, Texts("en")), tmp_path)


def test_a_code_is_what_a_stock_take_reads() -> None:
    for said in (code(UID, "A-一 7", BASE), code(UID, "A-一 7")):
        assert scanned(said) == type(scanned(said))(UID, "A-一 7")
    assert scanned(code(UID, "")).uid == UID


def test_labels_lie_on_the_grid_of_their_paper() -> None:
    for paper in FORMATS.values():
        (width, height), (page_width, page_height) = paper.label, paper.page
        for _, left, top in spots(paper, paper.on_a_page):
            assert -0.01 <= left <= page_width - width + 0.01
            assert -0.01 <= top <= page_height - height + 0.01
    assert [spot[0] for spot in spots(FORMATS["a4_70x37"], 3, 22)] == [0, 0, 1]


def test_every_field_of_the_record_that_differs_is_named() -> None:
    now = Text("A-1", "srv", "server", "pc_server", "", "B")
    assert differing(now.kept() | {"place": "A", "owner": "x"}, now) == ("owner", "place")
    assert differing(now.kept(), now) == ()


async def _host(tx: object, name: str, place: str) -> Seeded:
    estate = Estate(tx)  # type: ignore[arg-type]
    host = await estate.host(name, label=f"L-{name}")
    await estate.say(host, "record", {"place": place, "owner": "ada"})
    return host


async def _print(store: Store, *cis: Seeded) -> None:
    async with store.write() as tx:
        doing = act(tx)
        made = await labels.batch(tx, Asked(tuple(each.uid for each in cis), "a4_70x37"))
        await labels.printed(doing, made)
        assert [each.action for each in doing.told] == ["label.print"]


async def _states(store: Store, *states: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    async with store.read() as connection:
        return {row.thing.name: (row.state, row.moved) for row in await labels.listed(connection, states)}


async def test_a_label_is_stale_once_the_record_says_something_else(store: Store) -> None:
    async with store.write() as tx:
        one, two = await _host(tx, "one", "A"), await _host(tx, "two", "A")
    assert await _states(store) == {"one": ("never", ()), "two": ("never", ())}
    await _print(store, one)
    assert await _states(store, "current") == {"one": ("current", ())}
    async with store.write() as tx:
        await Estate(tx).say(one, "record", {"place": "B", "owner": "ada"}, 1)
    assert await _states(store, "stale") == {"one": ("stale", ("place",))}
    await _print(store, one, two)
    assert await _states(store, "stale", "never") == {}


async def test_what_cannot_be_printed_is_refused(store: Store) -> None:
    async with store.read() as connection:
        for asked, field in (
            (Asked((UID,), "a5"), "format"), (Asked((), "a4_70x37"), "cis"), (Asked((UID,) * 1001, "a4_70x37"), "cis"),
            (Asked((UID,), "a4_70x37", skip=24), "skip"), (Asked((UID,), "roll_62x29", "h" * 201), "base"),
        ):  # fmt: skip
            with pytest.raises(Refused) as refused:
                await labels.batch(connection, asked)
            assert refused.value.field == field
        with pytest.raises(NotFound):
            await labels.batch(connection, Asked((UID,), "a4_70x37"))
