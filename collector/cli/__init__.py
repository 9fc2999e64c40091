"""The `muster` command: `up` and `collector run` here, everything else as a client of a running collector."""

from __future__ import annotations

import sys

import typer

from collector.cli import agents, ci, incidents, run, users
from collector.cli.client import CollectorUnreachable, Refused
from collector.starting import CannotStart

app = typer.Typer(
    name="muster", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Assembles an IT estate for inspection.",
)  # fmt: skip
collector_app = typer.Typer(no_args_is_help=True, help="The collector itself.")
app.add_typer(collector_app, name="collector")
app.add_typer(ci.app, name="ci")
app.add_typer(agents.app, name="agent")
app.add_typer(agents.token_app, name="token")
app.add_typer(users.app, name="user")
app.add_typer(incidents.app, name="incident")
app.command("up")(run.up)
collector_app.command("run")(run.collector)


def main() -> None:
    """Entry point: one clear line on standard error and a code that is not 0 for everything that can go wrong."""
    try:
        app()
    except (CollectorUnreachable, Refused, CannotStart) as error:
        print(f"muster: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
