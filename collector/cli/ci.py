"""`muster ci`: the configuration database as a table or JSON."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Configuration items.")

DATA = default_data()
At = Annotated[str | None, typer.Option("--at", help="As of this moment, RFC 3339 (2026-01-31T08:00:00Z).")]


@app.command("list")
def listed(  # noqa: PLR0913  a command line has as many options as it has
    ci_class: Annotated[str | None, typer.Option("--class", help="Only this class.")] = None,
    ci_type: Annotated[str | None, typer.Option("--type", help="Only this type.")] = None,
    state: Annotated[str | None, typer.Option("--state", help="Only this state.")] = None,
    query: Annotated[str | None, typer.Option("-q", help="Name, serial, address … contains this.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List CIs."""
    given = {"class": ci_class, "type": ci_type, "state": state, "q": query}
    rows = Client(data).pages("cis", limit, **given)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("id", "type", "name", "state"))


@app.command("show")
def shown(ci_id: str, at: At = None, json: AsJson = False, data: Data = DATA) -> None:
    """Show one CI: its facts, with source and age."""
    ci = Client(data).get(f"cis/{ci_id}", at=at)
    if json:
        show.as_json(ci)
    else:
        show.table([ci], ("id", "class", "type", "name", "state"))
        show.table(
            [fact | {"section": part["name"]} for part in ci["sections"] for fact in part["facts"]],
            ("section", "key", "value", "source", "since"),
        )


@app.command("history")
def history(
    ci_id: str,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 200,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """What moved on one CI, newest first: before and after."""
    rows = Client(data).pages(f"cis/{ci_id}/history", limit)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("at", "section", "key", "before", "after"))
