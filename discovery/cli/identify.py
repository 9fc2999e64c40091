"""`muster-discover identify`: what recordings are, without a network."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from discovery.identify import identify as identifying
from discovery.library import Definitions, Library
from discovery.lined import BadDefinition
from discovery.recording import BadRecording, answer, read

SHOWN = ("source", "class", "type", "vendor", "model", "serial", "os", "version", "name", "matched_by")


def identify(
    files: Annotated[list[Path], typer.Argument(help="recordings: .snmprec, or the output of snmpwalk -On")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
    definitions: Annotated[Path | None, typer.Option(help="a folder of definitions of your own")] = None,
) -> None:
    """Identify devices from recordings. Exits with 1 when one of them could not be read."""
    try:
        known = Library(definitions).current()
    except BadDefinition as error:
        print(f"muster-discover: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    targets = _targets(files, known)
    failed = _print_json(targets) if as_json else _print_table(targets)
    raise typer.Exit(1 if failed else 0)


def _targets(files: list[Path], known: Definitions) -> Iterator[dict[str, Any]]:
    for file in files:
        try:
            found = answer(identifying(known), read(file))
            yield {"source": str(file), **found.target()}
        except BadRecording as error:
            print(f"muster-discover: {error}", file=sys.stderr)
            yield {"source": str(file), "state": "failed", "error": "malformed"}


def _print_json(targets: Iterator[dict[str, Any]]) -> bool:
    failed = False
    for target in targets:
        print(json.dumps(target, ensure_ascii=False))
        failed |= target["state"] == "failed"
    return failed


def _print_table(targets: Iterator[dict[str, Any]]) -> bool:
    table = Table(*SHOWN, box=None, header_style="bold")
    failed = False
    for target in targets:
        shown = {**target, "matched_by": str(target.get("matched_by") or "").partition(":")[0]}
        table.add_row(*(escape(str(shown.get(key) or "-")) for key in SHOWN))
        failed |= target["state"] == "failed"
    Console().print(table)
    return failed
