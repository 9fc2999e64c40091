"""Recognised databases and middleware: their instances, versions and ports, by process, port and package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector, Unsupported
from agent.collectors.linux import packages, sockets
from agent.collectors.linux.products import PRODUCTS, Product
from agent.collectors.linux.servers import Server, absolute, find_servers, heads_of, instance_of, pattern
from wire.sections import Body

Row = dict[str, Any]
Installed = Mapping[str, Sequence[str]]
"""Product name → upstream versions of the packages that bring it."""

_MAX_HOMES = 32
_PACKAGED = ("/usr/", "/etc/", "/var/lib/", "/opt/mssql/")  # below these a program or its data came with a package
_UPSTREAM = re.compile(r"(?:\d+:)?([^-+~]+)")  # of a package's version: without epoch, revision and repackaging mark


def collect(root: Path) -> Body:
    """Return the rows of `databases_and_middleware`; raise `Denied`, `Malformed`, `CommandFailed` (rpm)."""
    servers = find_servers(root)
    installed = installed_products(root)
    ports, hidden = listening(root, heads_of(servers))
    heads = [server for server in servers if server.pid in set(heads_of(servers).values())]
    running = distinct(_running_row(root, head, sorted(ports.get(head.pid, ())), installed) for head in heads)
    return running + stopped_rows(root, running, hidden, installed)


def listening(root: Path, heads: Mapping[int, int]) -> tuple[dict[int, set[str]], set[int]]:
    """Return (head's pid → its TCP ports as "tcp/port", ports whose process is hidden from us)."""
    try:
        found = [listener for listener in sockets.listeners(root) if listener.protocol == "tcp"]
        holders = sockets.owners(root, {listener.inode for listener in found})
    except Unsupported:
        return {}, set()
    ports: dict[int, set[str]] = {}
    for listener in found:
        if head := heads.get(holders.get(listener.inode, 0)):
            ports.setdefault(head, set()).add(f"tcp/{listener.port}")
    return ports, {listener.port for listener in found if listener.inode not in holders}


def _running_row(root: Path, server: Server, ports: list[str], installed: Installed) -> Row:
    product = in_fact(server.product, installed)
    instance = absolute(root, server.pid, instance_of(product, server.text))
    place = instance if product.java else server.executable or ""
    evidence = ["process"]
    evidence += ["port"] if any(f"tcp/{port}" in ports for port in product.ports) else []
    evidence += ["package"] if product.name in installed and place.startswith(_PACKAGED) else []
    return {
        "product": product.name,
        "instance": instance,
        "kind": product.kind,
        "version": version_of(product, server.text, place, installed),
        "ports": ports,
        "executable": server.executable,
        "running": True,
        "evidence": evidence,
    }


def in_fact(product: Product, installed: Installed) -> Product:
    """Return the product itself, or the fork that keeps its program names when only that one is installed."""
    if product.in_fact in installed and product.name not in installed:
        return next(other for other in PRODUCTS if other.name == product.in_fact)
    return product


def distinct(found: Iterable[Row]) -> list[Row]:
    """Return one row an instance; where two of one name listen on ports of their own, the later port is added."""
    rows: dict[tuple[str, str], Row] = {}
    for row in sorted(found, key=lambda row: (not row["ports"], row["ports"])):
        same = rows.get((row["product"], row["instance"]))
        if same and row["ports"] and row["ports"] != same["ports"]:
            row = row | {"instance": f"{row['instance']} {row['ports'][0]}".strip()}
        rows.setdefault((row["product"], row["instance"]), row)
    return list(rows.values())


def version_of(product: Product, text: str, place: str, installed: Installed) -> str | None:
    """Return the version a path tells, made more exact by the package of that version; else the one package's."""
    match = pattern(product.version).search(text) if product.version else None
    packaged = installed.get(product.name, ()) if place.startswith(_PACKAGED) and "/local/" not in place else ()
    if match:
        return next((version for version in packaged if f"{version}.".startswith(f"{match[1]}.")), match[1])
    return packaged[0] if len(set(packaged)) == 1 else None


def stopped_rows(root: Path, running: Sequence[Row], hidden: set[int], installed: Installed) -> list[Row]:
    """Return one row an installed instance that no visible process belongs to.

    Where the product's port is open and its process hidden from us, it does run.
    """
    known = {(row["product"], row["instance"]) for row in running}
    busy = {row["product"] for row in running}
    rows: dict[tuple[str, str], Row] = {}
    for product in PRODUCTS:
        if product.name in installed:
            for instance in _homes(root, product) or ([] if product.name in busy else [product.default]):
                rows[product.name, instance] = _stopped_row(product, instance, hidden, installed)
    return [row for key, row in rows.items() if key not in known]


def _stopped_row(product: Product, instance: str, hidden: set[int], installed: Installed) -> Row:
    ports = sorted(f"tcp/{port}" for port in product.ports if port in hidden)
    return {
        "product": product.name,
        "instance": instance,
        "kind": product.kind,
        "version": version_of(product, f"\0{instance}/\0", "/usr/", installed),
        "ports": ports,
        "running": bool(ports),
        "evidence": ["package", "port"] if ports else ["package"],
    }


def _homes(root: Path, product: Product) -> list[str]:
    found = [path for wanted in product.homes for path in sorted(root.glob(wanted))[:_MAX_HOMES]]
    return [f"/{path.relative_to(root)}" for path in found]


def installed_products(root: Path) -> Installed:
    """Return what `packages` says of the products; asked again only when the package database changed."""
    key = str(root), tuple(_stamp(root / path) for path in packages.COLLECTOR.stamps)
    if key not in _remembered:
        _remembered.clear()
        _remembered[key] = products_among(_packages(root))
    return _remembered[key]


_remembered: dict[tuple[str, tuple[object, ...]], Installed] = {}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _packages(root: Path) -> Iterable[Mapping[str, Any]]:
    try:
        found = packages.collect(root)
    except Unsupported:
        return []
    assert isinstance(found, list)
    return found


def products_among(rows: Iterable[Mapping[str, Any]]) -> Installed:
    """Return product → upstream versions of the packages of products among `rows`."""
    globs = [(product.name, glob) for product in PRODUCTS for glob in product.packages]
    found: dict[str, list[str]] = {}
    for row in rows:
        for name in {name for name, glob in globs if fnmatchcase(row["name"], glob)}:
            match = _UPSTREAM.match(row["version"])
            found.setdefault(name, []).append(match[1] if match else row["version"])
    return found


COLLECTOR = Collector("databases_and_middleware", collect, timeout_s=90.0, every_s=300)
