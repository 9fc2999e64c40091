"""Whose enterprise number it is, and what that company makes when it makes one kind of gear.

`devices/vendors.tsv`: `number<TAB>vendor[<TAB>class.type]`; the number is what follows 1.3.6.1.4.1 and may go deeper
(`11.2.3.9`), the longest wins. Numbers: IANA's registry of private enterprise numbers. `devices/brands.tsv`: names of
products in the same form, for devices whose sysObjectID says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from discovery.lined import BadDefinition

ENTERPRISES: Final = "1.3.6.1.4.1."
MIN_NAME: Final = 3
WORDS: Final = frozenset({
    "apt", "option", "star", "sharp", "force", "bull", "intel", "dec", "rad", "ict", "oracle", "eti", "comet", "alpha",
    "freebsd", "openbsd", "suse", "red hat", "microsoft",
})  # fmt: skip
"""Names that are words, or stand in sysDescr for a processor, a library or the system it runs."""

_WORD: Final = re.compile(r"[^\W_]+(?:[-&+][^\W_]+)*")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_BRAND: Final = re.compile(r"[^\sA-Z]+(?: [^\sA-Z]+){0,2}")
_HOST: Final = re.compile(r"^(?:Linux|FreeBSD|NetBSD|OpenBSD|SunOS|Darwin|AIX|HP-UX) (?!\d)\S+")


@dataclass(frozen=True, slots=True)
class Vendor:
    """A company's name and the class of gear it makes, None where it makes many."""

    name: str
    class_: str | None = None


@dataclass(frozen=True, slots=True)
class Vendors:
    """Vendors by number below `ENTERPRISES`; by their names and their products' for a look into sysDescr."""

    by_number: Mapping[str, Vendor] = field(default_factory=dict)
    brands: Mapping[str, Vendor] = field(default_factory=dict)
    names: Mapping[str, Vendor] = field(default_factory=dict)

    def of(self, sysobjectid: str) -> tuple[str, Vendor] | None:
        """Return the number that knows `sysobjectid` and its vendor."""
        number = sysobjectid.removeprefix(ENTERPRISES) if sysobjectid.startswith(ENTERPRISES) else ""
        while number and number not in self.by_number:
            number = number.rpartition(".")[0]
        return (number, self.by_number[number]) if number else None

    def named_in(self, sysdescr: str) -> Vendor | None:
        """Return whose product, else which vendor is named first in `sysdescr`.

        A host name behind the name of a system is no sign.
        """
        words = _WORD.findall(_HOST.sub("", sysdescr[:400]).lower())
        return _first(words, self.brands) or _first(words, self.names)


def _first(words: list[str], known: Mapping[str, Vendor]) -> Vendor | None:
    starts = [(name[:-1], vendor) for name, vendor in known.items() if name.endswith("*")]
    for at in range(len(words)):
        for length in (3, 2, 1):
            phrase = " ".join(words[at : at + length])
            found = known.get(phrase) or next((vendor for start, vendor in starts if phrase.startswith(start)), None)
            if found:
                return found
    return None


def alike(one: str, other: str) -> bool:
    """Return whether two names are of one company: `Dell` and `Dell EMC`."""
    a, b = one.casefold(), other.casefold()
    return bool(a and b) and (a in b or b in a)


def read_vendors(folder: Path, over: Vendors) -> Vendors:
    """Return what `vendors.tsv` and `brands.tsv` of a folder say, laid over `over`; raise `BadDefinition`."""
    by_number = {**over.by_number, **_rows(folder / "vendors.tsv", _NUMBER)}
    brands = {**over.brands, **_rows(folder / "brands.tsv", _BRAND)}
    return Vendors(by_number, brands, _by_name(by_number))


def _rows(file: Path, key: re.Pattern[str]) -> dict[str, Vendor]:
    found: dict[str, Vendor] = {}
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for at, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            name, *said = line.split("\t")
            if not said or len(said) > 2 or not key.fullmatch(name) or name in found:
                raise BadDefinition(f"{file}:{at}: a key, a vendor and perhaps a class are needed, each key once")
            found[name] = Vendor(said[0], said[1] if len(said) > 1 else None)
    return found


def _by_name(by_number: Mapping[str, Vendor]) -> dict[str, Vendor]:
    """Return vendors by their name in small letters; where one makes several kinds of gear, none is its usual."""
    named: dict[str, Vendor] = {}
    for vendor in by_number.values():
        name = " ".join(_WORD.findall(vendor.name.lower()))
        if len(name) >= MIN_NAME and name not in WORDS:
            known = named.get(name, vendor)
            named[name] = vendor if known == vendor else Vendor(vendor.name)
    return named
