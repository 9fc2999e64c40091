"""The `muster` command: `up` and `collector run` here, everything else as a client of a running collector."""

from __future__ import annotations

import sys

import typer

from collector.cli import (
    agents,
    arrivals,
    audit,
    backtest,
    case,
    changes,
    channels,
    ci,
    events,
    findings,
    foreign,
    imports,
    incidents,
    inspections,
    kb,
    labels,
    locks,
    pins,
    problems,
    reports,
    rules,
    run,
    stocktakes,
    sweeps,
    users,
    waivers,
)
from collector.cli.client import CollectorUnreachable, Refused
from collector.starting import CannotStart

app = typer.Typer(
    name="muster", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Assembles an IT estate for inspection.",
)  # fmt: skip
collector_app = typer.Typer(no_args_is_help=True, help="The collector itself.")
app.add_typer(collector_app, name="collector")
app.add_typer(ci.app, name="ci")
ci.app.add_typer(locks.app)
app.add_typer(arrivals.app, name="arrivals")
app.add_typer(case.app, name="case")
app.add_typer(agents.app, name="agent")
app.add_typer(agents.token_app, name="token")
app.add_typer(sweeps.app, name="sweep")
app.add_typer(sweeps.credential_app, name="credential")
app.add_typer(pins.app, name="pin")
app.add_typer(channels.app, name="channel")
app.add_typer(users.app, name="user")
app.add_typer(changes.app, name="change")
app.add_typer(findings.app, name="finding")
app.add_typer(incidents.app, name="incident")
app.add_typer(problems.app, name="problem")
app.add_typer(problems.alert_app, name="alert")
app.add_typer(foreign.app, name="foreign")
app.add_typer(inspections.app, name="inspection")
app.add_typer(kb.app, name="kb")
app.add_typer(rules.app, name="rules")
app.add_typer(events.app, name="event")
app.add_typer(audit.app, name="audit")
app.add_typer(stocktakes.app, name="stocktake")
app.add_typer(labels.app, name="label")
app.add_typer(waivers.app, name="waiver")
app.add_typer(waivers.window_app, name="window")
app.command("import")(imports.take)
app.command("backtest")(backtest.backtest)
app.command("report")(reports.take)
app.command("up")(run.up)
collector_app.command("run")(run.collector)


def main() -> None:
    """Entry point: one clear line on standard error and a code that is not 0 for everything that can go wrong."""
    try:
        app()
    except (CollectorUnreachable, Refused, CannotStart) as error:
        print(f"muster: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
