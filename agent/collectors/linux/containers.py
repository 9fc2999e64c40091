"""Containers of the local engines: `ps` of docker and podman."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.base import Collector, Denied, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import sysfs
from wire.sections import MAX_ROWS, Body

# Where an engine that is installed and in use shows itself, without the cost of starting its client.
DOCKER = "run/docker.sock"
PODMAN = "var/lib/containers"
TIMEOUT_S = 15.0

_ID = re.compile(r"[0-9a-f]{12,64}")


def collect(root: Path) -> Body:
    """Return the rows of `containers`: docker's, and those podman runs for root.

    Raise `Unsupported` without an engine, `Denied`, `CommandFailed`, `Malformed`.
    """
    listings = {engine: listing for engine, ask in (("docker", _docker), ("podman", _podman))
                if (listing := ask(root)) is not None}  # fmt: skip
    if not listings:
        raise Unsupported("no container engine")
    rows = {row["id"]: row for engine, listing in listings.items() for row in parse_ps(listing, engine)}
    return list(rows.values())


def _docker(root: Path) -> str | None:
    socket = root / DOCKER
    if not sysfs.exists(socket):
        return None
    if not os.access(socket, os.R_OK | os.W_OK):
        raise Denied("docker's socket is for root and its own group")
    # The template is understood by every version; `--format json` by those since 23.0.
    return command.run(["docker", "ps", "--all", "--no-trunc", "--format", "{{json .}}"], TIMEOUT_S)


def _podman(root: Path) -> str | None:
    if not sysfs.exists(root / PODMAN) or command.find("podman") is None:  # CRI-O keeps its images there too
        return None
    if os.geteuid() != 0:
        raise Denied("podman shows each user their own containers")
    return command.run(["podman", "ps", "--all", "--no-trunc", "--format", "json"], TIMEOUT_S)


def parse_ps(listing: str, engine: str) -> list[dict[str, Any]]:
    """Return the rows of one engine's `ps` in JSON: an array (podman) or an object a line (docker).

    Raise `Malformed`.
    """
    try:
        told = json.loads(listing or "[]") if listing.lstrip()[:1] in ("[", "") else _objects(listing)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{engine} ps: not JSON") from error
    if not isinstance(told, list) or len(told) > MAX_ROWS:
        raise Malformed(f"{engine} ps: not a list of at most {MAX_ROWS} containers")
    return [_row(item, engine) for item in told]


def _objects(listing: str) -> list[Any]:
    return [json.loads(line) for line in listing.splitlines() if line.strip()]


def _row(item: object, engine: str) -> dict[str, Any]:
    told = item if isinstance(item, dict) else {}
    identity, image = told.get("ID", told.get("Id")), told.get("Image")
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise Malformed(f"{engine} ps: a container without id")
    names = told.get("Names") or []
    return {
        "id": identity[:12],
        "name": _first_name(names.split(",") if isinstance(names, str) else names),
        "image": image[:1024] if isinstance(image, str) else None,
        "engine": engine,
        "state": _state(told),
    }


def _first_name(names: object) -> str | None:
    """Return the container's own name: the others are its names inside linked containers ("web/db")."""
    own = [name for name in names if isinstance(name, str) and "/" not in name] if isinstance(names, list) else []
    return own[0][:256] if own and own[0] else None


def _state(told: dict[str, Any]) -> str | None:
    state, status = told.get("State"), told.get("Status")
    if isinstance(state, str) and state:
        return state[:64]
    word = status.split()[:1] if isinstance(status, str) else []  # docker before 19.03: "Up 3 hours (Paused)"
    return {"Up": "running", "Exited": "exited", "Created": "created", "Dead": "dead"}.get(word[0]) if word else None


COLLECTOR = Collector(
    "containers", collect, timeout_s=35.0, every_s=300,
    stamps=("var/lib/docker/containers", "var/lib/containers/storage/overlay-containers"),
)  # fmt: skip
