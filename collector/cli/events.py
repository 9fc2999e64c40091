"""`muster event`: what devices said by themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Events: SNMP notifications and syslog of devices.")

DATA = default_data()


@app.command("list")
def listed(  # noqa: PLR0913  a command line has as many options as it has
    ci: Annotated[str | None, typer.Option("--ci", help="Only of this CI (id).")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of this kind: link_down, config_changed …")] = None,
    address: Annotated[str | None, typer.Option("--address", help="Only from this address.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only from this moment on, RFC 3339.")] = None,
    query: Annotated[str | None, typer.Option("-q", help="Message, object, actor … contains this.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 200,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List events, newest first."""
    given = {"ci": ci, "kind": kind, "address": address, "since": since, "q": query}
    rows = Client(data).pages("events", limit, **given)
    if json:
        show.as_json(rows)
    else:
        shown = [row | {"ci": row["ci"]["name"] if row["ci"] else row["address"]} for row in rows]
        show.table(shown, ("at", "severity", "kind", "ci", "object", "actor", "count", "message"))
