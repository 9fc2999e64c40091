"""`muster incident`: what people must look at."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Incidents.")

DATA = default_data()


@app.command("list")
def listed(
    state: Annotated[str | None, typer.Option("--state", help="open or resolved.")] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List incidents, newest first."""
    rows = Client(data).pages("incidents", 1000, state=state)
    if json:
        show.as_json(rows)
    else:
        shown = [row | {"title": row["title"]["en"], "ci": (row["ci"] or {}).get("name", "")} for row in rows]
        show.table(shown, ("number", "severity", "state", "title", "ci", "opened_at"))
