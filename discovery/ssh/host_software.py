"""Packages and services of a Linux host, from the output of dpkg-query, rpm and systemctl."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from discovery.failures import Failed
from discovery.ssh.host_text import MARK, Row, parts, plain, rows_of, whole
from wire.sections import Body

PACKAGES: Final = (
    "if command -v dpkg-query >/dev/null; then dpkg-query -W -f"
    " '${db:Status-Status}\\t${Package}\\t${Architecture}\\t${Version}\\t${Origin}\\t${Maintainer}\\n'; fi;"
    f" {MARK}; if command -v rpm >/dev/null; then rpm -qa --qf"
    " '%{NAME}\\t%{ARCH}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{INSTALLTIME}\\t%{VENDOR}\\n'; fi;"
    f" {MARK}; command -v dpkg-query rpm"
)
SERVICES: Final = (
    "[ -d /run/systemd/system ] || exit 0; o='--no-pager --plain --no-legend --full --type=service';"
    f" systemctl list-unit-files $o; {MARK}; systemctl list-units --all $o; {MARK}"
)
PRESENT: Final = frozenset({"installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"})
"""States of dpkg(1) in which the files of a package are there."""
NO_ROWS: Final = frozenset({"alias", "transient"})


def packages(output: str) -> Body | None:
    """Return the rows of `packages`, None where neither dpkg nor rpm is. Raises Failed."""
    by_dpkg, by_rpm, managers = parts(output, 3)
    if not managers.strip():
        return None
    return rows_of([*_dpkg(by_dpkg), *_rpm(by_rpm)], "name", "arch")


def _dpkg(listing: str) -> Iterator[Row]:
    for line in listing.splitlines():
        fields = line.split("\t")
        if len(fields) != 6 or not plain(fields[1]):
            raise Failed("unparsed", "dpkg-query")
        if fields[0] in PRESENT:
            vendor = fields[4] or fields[5].partition("<")[0].strip().strip('"')
            yield _row(fields[1], fields[2], fields[3], "dpkg", vendor)


def _rpm(listing: str) -> Iterator[Row]:
    """Yield packages, the last installed of one name last (kernels stand side by side); keys are no software."""
    lines = [line.split("\t") for line in listing.splitlines()]
    if any(len(fields) != 5 or whole(fields[3], 1 << 40) is None or not plain(fields[0]) for fields in lines):
        raise Failed("unparsed", "rpm")
    for name, arch, version, _, vendor in sorted(lines, key=lambda fields: int(fields[3])):
        if name != "gpg-pubkey":
            yield _row(name, arch, version, "rpm", "" if vendor == "(none)" else vendor)


def _row(name: str, arch: str, version: str, manager: str, vendor: str) -> Row:
    return {"name": plain(name) or "", "arch": plain(arch) or "", "version": plain(version), "manager": manager,
            "vendor": plain(vendor)}  # fmt: skip


def services(output: str) -> Body | None:
    """Return the rows of `services`, None where systemd does not run. Raises Failed."""
    if not output.strip():
        return None
    files, units, _ = parts(output, 3)
    enabled = {line[0]: line[1].removesuffix("-runtime") for line in _columns(files, 2)}
    loaded = {line[0]: line for line in _columns(units, 4) if line[1] in ("loaded", "masked")}
    rows = (_service(name, enabled, loaded.get(name)) for name in {**enabled, **loaded})
    return rows_of(filter(None, rows), "name")


def _columns(listing: str, least: int) -> list[list[str]]:
    """Return the lines in columns; a mark before a name says that it is in trouble, and the columns say so too."""
    lines = [line.lstrip("●○×↻* ").split(None, 4) for line in listing.splitlines() if line.strip()]
    if any(len(line) < least for line in lines):
        raise Failed("unparsed", "systemctl")
    return [line for line in lines if line[0].endswith(".service")]


def _service(name: str, enabled: dict[str, str], unit: list[str] | None) -> Row | None:
    """Return a row; none for second names, and for instances that come and go with a session or a device."""
    template = f"{name.partition('@')[0]}@.service" if "@" in name else ""
    how = enabled.get(name) or enabled.get(template, "")
    if name == template or how in NO_ROWS or (name not in enabled and how in ("", "static")):
        return None
    description = plain(unit[4]) if unit and len(unit) > 4 else None
    return {"name": plain(name) or "", "enabled": plain(how), "state": _state(unit), "description": description}


def _state(unit: list[str] | None) -> str:
    if unit is None or unit[2] in ("inactive", "deactivating"):
        return "stopped"
    return "failed" if unit[2] == "failed" or unit[3].startswith("auto-restart") else "running"
