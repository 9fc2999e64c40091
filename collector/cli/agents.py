"""`muster agent` and `muster token`: who sends, and who may join."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Agents.")
token_app = typer.Typer(no_args_is_help=True, help="Enrolment tokens.")

DATA = default_data()


@app.command("list")
def listed(json: AsJson = False, data: Data = DATA) -> None:
    """List agents."""
    rows = Client(data).pages("agents", 100_000)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("id", "hostname", "state", "version", "last_seen", "certificate_until", "spool_depth"))


@app.command("ban")
def ban(
    uid: str,
    reason: Annotated[str, typer.Option("--reason", help="Why; people will read it.")],
    data: Data = DATA,
) -> None:
    """Turn an agent away from its next call on."""
    Client(data).post(f"agents/{uid}/ban", {"reason": reason})
    print(f"{uid} is banned")


@app.command("appoint")
def appoint(
    uid: str,
    zones: Annotated[list[str] | None, typer.Option("--zone", help="A zone; several times. None: the default.")] = None,
    data: Data = DATA,
) -> None:
    """Make an agent a probe: it is given the sweeps of its zones, and lent their credentials."""
    Client(data).put(f"agents/{uid}/zones", {"zones": zones or [""]})
    print(f"{uid} is a probe of {', '.join(zones or ['the default zone'])}")


@app.command("dismiss")
def dismiss(uid: str, data: Data = DATA) -> None:
    """Let an agent be a probe no longer."""
    Client(data).put(f"agents/{uid}/zones", {"zones": []})
    print(f"{uid} is no probe")


@token_app.command("create")
def create(
    uses: Annotated[int, typer.Option("--uses", min=1, help="Machines it admits.")] = 1,
    minutes: Annotated[int, typer.Option("--minutes", min=1, help="Minutes it lives.")] = 60,
    note: Annotated[str, typer.Option("--note", help="For people who look at the list.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Make an enrolment token and print the command that uses it."""
    made = Client(data).post("enrolment-tokens", {"uses": uses, "life_s": minutes * 60, "note": note})
    if json:
        show.as_json(made)
    else:
        print(made["command"])
