"""`muster pin`: the keys by which addresses are known, and those that have changed."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Keys by which addresses are known.")

DATA = default_data()
Zone = Annotated[str, typer.Option("--zone", help="The zone the address is in.")]
Kind = Annotated[str, typer.Argument(help="host_key, certificate or engine_id.")]


@app.command("list")
def listed(
    state: Annotated[str | None, typer.Option("--state", help="changed, new or pinned.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List keys: `changed` ones show another key than the trusted one, `new` ones nobody has said to trust."""
    rows = Client(data).pages("pins", limit, state=state)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("zone", "address", "kind", "state", "value", "seen", "seen_at"))


@app.command("accept")
def accept(address: str, kind: Kind, value: str, zone: Zone = "", json: AsJson = False, data: Data = DATA) -> None:
    """Trust this key at this address from now on; it is written as `list` shows it."""
    body = {"zone": zone, "address": address, "kind": kind, "value": value}
    row = Client(data).post("pins/accept", body)
    if json:
        show.as_json(row)
    else:
        show.table([row], ("zone", "address", "kind", "state", "value"))


@app.command("forget")
def forget(address: str, kind: Kind, zone: Zone = "", data: Data = DATA) -> None:
    """Forget the key of an address: the next one it shows is as new."""
    Client(data).post("pins/forget", {"zone": zone, "address": address, "kind": kind})
