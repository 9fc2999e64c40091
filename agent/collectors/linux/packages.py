"""Installed software: dpkg's status file, and the RPM database through rpm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.base import Collector, Unsupported
from agent.collectors.bounded import Malformed, read
from wire.sections import MAX_ROWS, Body

Row = dict[str, Any]

DPKG_STATUS = "var/lib/dpkg/status"
DPKG_STATUS_PARTS = "var/lib/dpkg/status.d"  # images without a package manager keep one file a package
RPM_DATABASES = ("var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/Packages",
                 "var/lib/rpm/Packages.db", "usr/lib/sysimage/rpm/Packages.db")  # fmt: skip
RPM_FORMAT = r"%{NAME}\t%{ARCH}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{INSTALLTIME}\t%{VENDOR}\n"

MAX_STATUS_BYTES = 64 * 1024 * 1024

# The dpkg states in which a package's files are on the disk. Left out: not-installed, config-files
# (removed, its settings kept) and half-installed (nobody can say which files are there).
_PRESENT = frozenset({b"installed", b"unpacked", b"half-configured", b"triggers-awaited", b"triggers-pending"})


def collect(root: Path) -> Body:
    """Return the rows of `packages`; raise `Unsupported` where neither dpkg nor rpm keeps a database."""
    rows = dpkg_rows(root)
    if any((root / path).exists() for path in RPM_DATABASES):
        rows = (rows or []) + parse_rpm(rpm_listing(root))
    if rows is None:
        raise Unsupported("no dpkg or RPM database")
    return rows


def dpkg_rows(root: Path) -> list[Row] | None:
    """Return dpkg's rows, or None where dpkg keeps no database."""
    files = [path for path in (root / DPKG_STATUS, *sorted((root / DPKG_STATUS_PARTS).glob("*"))) if path.is_file()]
    if not files:
        return None
    parts = [read(path, MAX_STATUS_BYTES) for path in files if path.suffix != ".md5sums"]
    return parse_dpkg(b"\n\n".join(parts))


def rpm_listing(root: Path, *patterns: str) -> str:
    """Return what rpm says of the packages (of those that match `patterns`) below `root`; raise `CommandFailed`."""
    place = () if root == Path("/") else ("--root", str(root))
    return command.run(["rpm", *place, "-qa", "--qf", RPM_FORMAT, *patterns], timeout_s=60.0)


def parse_dpkg(status: bytes) -> list[Row]:
    """Return the packages of a dpkg status file (deb822 stanzas) whose files are present; raise `Malformed`.

    It looks for the few fields wanted instead of splitting every line: the file has some thousand
    stanzas of long descriptions, and this runs on every change of it.
    """
    rows: dict[tuple[str, str], Row] = {}
    for stanza in status.split(b"\n\n"):
        if not stanza.strip():
            continue
        stanza = b"\n" + stanza + b"\n"
        name, state = _field(stanza, b"Package"), _field(stanza, b"Status")
        if not name:
            raise Malformed("dpkg status: a stanza without Package")
        if state and state.rsplit(b" ", 1)[-1] not in _PRESENT:
            continue
        row = _dpkg_row(name, stanza)
        rows[row["name"], row["arch"]] = row
    return _bounded(rows)


def _dpkg_row(name: bytes, stanza: bytes) -> Row:
    maintainer = _field(stanza, b"Maintainer").partition(b"<")[0].strip().strip(b'"')
    vendor = _field(stanza, b"Origin") or maintainer
    return {
        "name": _text(name),
        "arch": _text(_field(stanza, b"Architecture")),
        "version": _text(_field(stanza, b"Version")),
        "manager": "dpkg",
        "vendor": _text(vendor) or None,
    }


def _field(stanza: bytes, name: bytes) -> bytes:
    at = stanza.find(b"\n" + name + b":")
    if at < 0:
        return b""
    start = at + len(name) + 2
    return stanza[start : stanza.index(b"\n", start)].strip()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")[:1024]


def parse_rpm(listing: str) -> list[Row]:
    """Return the packages of a listing in `RPM_FORMAT`; raise `Malformed`.

    Of several versions installed side by side (kernels) the one installed last speaks for the name:
    a row is named by name and architecture. Imported signing keys are no software.
    """
    rows: dict[tuple[str, str], Row] = {}
    for _, row in sorted(map(_rpm_row, listing.splitlines()), key=lambda pair: pair[0]):
        if row["name"] != "gpg-pubkey":
            rows[row["name"], row["arch"]] = row
    return _bounded(rows)


def _rpm_row(line: str) -> tuple[int, Row]:
    fields = line.split("\t")
    if len(fields) != 5 or not fields[0] or not fields[3].isdecimal():
        raise Malformed(f"rpm: not a line of the format asked for: {line[:80]!r}")
    name, arch, version, installed_at, vendor = (field[:1024] for field in fields)
    told = {"vendor": vendor} if vendor not in ("", "(none)") else {}
    return int(installed_at), {"name": name, "arch": arch, "version": version, "manager": "rpm", **told}


def _bounded(rows: dict[tuple[str, str], Row]) -> list[Row]:
    if len(rows) > MAX_ROWS:
        raise Malformed(f"{len(rows)} packages, at most {MAX_ROWS}")
    return list(rows.values())


COLLECTOR = Collector("packages", collect, timeout_s=70.0, stamps=(DPKG_STATUS, DPKG_STATUS_PARTS, *RPM_DATABASES))
