"""Labels on CIs: what is printed on one, where it lies on the paper, what its code says. Lengths in mm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import quote

FIELDS: Final = ("label", "name", "ci_class", "ci_type", "owner", "place")
"""What is printed of a record, the most important first."""


@dataclass(frozen=True, slots=True)
class Format:
    """A paper with `columns` × `rows` labels of one size; `left` and `top`: where the first one begins."""

    name: str
    page: tuple[float, float]
    label: tuple[float, float]
    columns: int = 1
    rows: int = 1
    left: float = 0.0
    top: float = 0.0

    @property
    def on_a_page(self) -> int:
        return self.columns * self.rows


A4: Final = (210.0, 297.0)
FORMATS: Final[Mapping[str, Format]] = {
    each.name: each
    for each in (
        Format("a4_70x37", A4, (70.0, 37.0), 3, 8, 0.0, 0.5),
        Format("a4_48x25", A4, (48.5, 25.4), 4, 10, 8.0, 21.5),
        Format("roll_62x29", (62.0, 29.0), (62.0, 29.0)),
    )
}


@dataclass(frozen=True, slots=True)
class Text:
    """What the label of one CI says: its record, word for word. Class and type are the regulation's words."""

    label: str
    name: str
    ci_class: str
    ci_type: str
    owner: str
    place: str

    def kept(self) -> dict[str, str]:
        return asdict(self)


def differing(printed: Mapping[str, str], now: Text) -> tuple[str, ...]:
    """Return which fields of a printed label no longer say what the record says."""
    record = now.kept()
    return tuple(name for name in FIELDS if printed.get(name, "") != record[name])


def code(uid: str, label: str, base: str = "") -> str:
    """Return what the QR code of a CI says: its address below `base`, without one its id; then its label."""
    if base:
        return f"{base.rstrip('/')}/cis/{uid}" + (f"#{quote(label)}" if label else "")
    return f"{uid} {label}".rstrip()


def spots(paper: Format, count: int, skip: int = 0) -> Iterator[tuple[int, float, float]]:
    """Yield page (from 0), left and top of `count` labels, when the first `skip` of the first page are used up."""
    width, height = paper.label
    for place in range(skip, skip + count):
        page, on_page = divmod(place, paper.on_a_page)
        row, column = divmod(on_page, paper.columns)
        yield page, paper.left + column * width, paper.top + row * height
