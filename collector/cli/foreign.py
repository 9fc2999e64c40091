"""`muster foreign`: alerts of other systems that stand, and which CI they are about."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Alerts of other systems, and which CI they are about.")

DATA = default_data()
COLUMNS = ("id", "severity", "source", "name", "title", "called", "ci", "held")
LABELS = ("id", "source", "label", "value", "ci", "who")


@app.command("list")
def listed(
    unbound: Annotated[bool, typer.Option("--unbound", help="Only those of no known CI.")] = False,
    source: Annotated[str, typer.Option("--source", help="Only those of this system.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List the alerts that stand, newest first."""
    rows = Client(data).pages("in/alerts", limit, source=source, **({"bound": "false"} if unbound else {}))
    show.as_json(rows) if json else show.table([_flat(row) for row in rows], COLUMNS)


@app.command("bind")
def bind(
    number: Annotated[int, typer.Argument(help="Id of an alert.")],
    ci: Annotated[str, typer.Argument(help="Id of the CI it is about.")],
    label: Annotated[
        str, typer.Option("--label", help="Let whatever bears this label alike be that CI, from now on, too.")
    ] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Say which CI an alert is about; its incident becomes that CI's."""
    answer = Client(data).post(f"in/alerts/{number}/ci", {"ci": ci, "label": label})
    show.as_json(answer) if json else show.text(f"{answer['alerts']} alerts are about {ci} now")


@app.command("labels")
def labels(json: AsJson = False, data: Data = DATA) -> None:
    """List which labels mean which CI."""
    rows = Client(data).get("in/labels")
    show.as_json(rows) if json else show.table([{**row, "ci": row["ci"]["name"]} for row in rows], LABELS)


@app.command("forget")
def forget(
    number: Annotated[int, typer.Argument(help="Id of a label, as `labels` lists it.")], data: Data = DATA
) -> None:
    """Let a label mean no CI any more; alerts keep the one they have."""
    Client(data).delete(f"in/labels/{number}")


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    called = " ".join(f"{kind}={said}" for kind, said in row["names"].items())
    return {**row, "called": called, "ci": (row["ci"] or {}).get("name", ""), "held": " ".join(row["suppressed"])}
