"""`muster import`: a list of devices and relations, checked line by line, taken whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

DATA = default_data()
NOT_TAKEN = 1
"""Exit code when a line is refused."""


def take(
    file: Annotated[Path, typer.Argument(help="CSV, JSON, XML or XLSX.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would come of it.")] = False,
    name: Annotated[str, typer.Option("--name", help="What the source is called; the file's name by default.")] = "",
    take_back: Annotated[bool, typer.Option("--take-back", help="End the relations of the list.")] = False,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Import a list: devices, and relations (from, relation, to) between CIs by id, name, label or serial.

    A device that is not known stands as proposed. A line that is refused stops the whole list.
    """
    asked = {"dry_run": str(dry_run).lower(), "take_back": str(take_back).lower()}
    report = Client(data).send("imports", file, name=name or file.stem[:60], **asked)
    if json:
        show.as_json(report)
    else:
        show.table([_flat(line) for line in report["lines"]], ("line", "outcome", "name", "fields", "why"))
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(report["counts"].items()))
        print(f"{report['rows']} rows ({report['format']} {report['encoding']}): {counts or 'nothing'}")
        print("taken" if report["applied"] else "nothing was changed")
    if report["counts"].get("refused"):
        raise typer.Exit(NOT_TAKEN)


def _flat(line: dict[str, Any]) -> dict[str, Any]:
    why = " ".join(filter(None, (line["why"], line["field"], line["detail"])))
    said = f"{line['name']} {line['relation']} {line['to_name']}" if line["relation"] else line["name"]
    return line | {"name": said, "fields": ", ".join(line["fields"]), "why": why}
