"""`muster waiver` and `muster window`: problems that are let off until a day, and times in which nobody is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Waivers: problems that are let off until a day.")
window_app = typer.Typer(no_args_is_help=True, help="Maintenance windows and silences.")

DATA = default_data()
Number = Annotated[str, typer.Argument(help="Number of a waiver: WVR-000001.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands with the waiver and in the audit log.")]
Rules = Annotated[list[str] | None, typer.Option("--rule", help="Only this rule, or a prefix with *; may be repeated.")]
Cis = Annotated[list[str] | None, typer.Option("--ci", help="Id of a CI; may be repeated.")]
COLUMNS = ("number", "stand", "rule", "scope", "effect", "level", "expires", "requested_by", "decided_by", "reason")


@app.command("list")
def listed(json: AsJson = False, data: Data = DATA) -> None:
    """List waivers, those to be decided on first."""
    rows = Client(data).get("waivers")
    show.as_json(rows) if json else show.table(rows, COLUMNS)


@app.command("ask")
def ask(  # noqa: PLR0913  a command line has as many options as it has
    rule: Annotated[str, typer.Argument(help="Id of a rule, or a prefix with *.")],
    reason: Reason,
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="It ends by itself after so many days.")],
    scope: Annotated[str, typer.Option("--scope", help='Which CIs, as in: ci.name == "db-01".')] = "",
    instance: Annotated[str, typer.Option("--instance", help="One instance of the rule.")] = "",
    lower: Annotated[str, typer.Option("--lower", help="Let it count for this severity instead of nothing.")] = "",
    risk: Annotated[str, typer.Option("--risk", help="low, medium or high.")] = "medium",
    ticket: Annotated[str, typer.Option("--ticket", help="Number of the change or ticket it goes with.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Ask for a waiver; somebody else grants it."""
    asked = {
        "rule": rule, "reason": reason, "expires": _in(timedelta(days=days)), "scope": scope, "instance": instance,
        "effect": "lower" if lower else "accept", "level": lower, "risk": risk, "ticket": ticket,
    }  # fmt: skip
    _told(Client(data).post("waivers", asked), json)


@app.command("grant")
def grant(
    number: Number,
    note: Annotated[str, typer.Option("--note", help="What you want to say.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Grant what somebody else asks for."""
    _decide(number, "grant", note, json, data)


@app.command("refuse")
def refuse(number: Number, reason: Reason, json: AsJson = False, data: Data = DATA) -> None:
    """Refuse what somebody else asks for."""
    _decide(number, "refuse", reason, json, data)


@app.command("end")
def end(number: Number, reason: Reason, json: AsJson = False, data: Data = DATA) -> None:
    """End a waiver before its time."""
    _decide(number, "end", reason, json, data)


@window_app.command("list")
def windows(json: AsJson = False, data: Data = DATA) -> None:
    """List windows: those that are held first, then those to come."""
    rows = Client(data).get("maintenance-windows")
    if json:
        show.as_json(rows)
        return
    told = [row | {"about": " ".join([*row["cis"], *row["classes"], row["match"], *row["rules"]])} for row in rows]
    show.table(told, ("id", "name", "kind", "stand", "held_until", "next", "about", "created_by"))


@window_app.command("set")
def set_(  # noqa: PLR0913
    name: Annotated[str, typer.Argument(help="What it is for.")],
    hours: Annotated[float, typer.Option("--hours", min=0.1, max=744, help="How long, from now or from --start.")],
    start: Annotated[str, typer.Option("--start", help="RFC 3339 with the offset; left out: now.")] = "",
    ci: Cis = None,
    match: Annotated[str, typer.Option("--match", help='Which CIs, as in: ci.class == "network".')] = "",
    rule: Rules = None,
    silence: Annotated[bool, typer.Option("--silence", help="A silence: nothing is being worked on.")] = False,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Set a window: what fires in it calls nobody until it is over."""
    begins = datetime.fromisoformat(start) if start else datetime.now(UTC)
    asked = {
        "name": name, "start": begins.isoformat(), "end": (begins + timedelta(hours=hours)).isoformat(),
        "cis": ci or [], "match": match, "rules": rule or [], "kind": "silence" if silence else "maintenance",
    }  # fmt: skip
    made = Client(data).post("maintenance-windows", asked)
    show.as_json(made) if json else print(made["id"])


@window_app.command("end")
def end_window(uid: Annotated[str, typer.Argument(help="Id of a window.")], data: Data = DATA) -> None:
    """End a window before its time."""
    Client(data).delete(f"maintenance-windows/{uid}")


def _decide(number: str, decision: str, reason: str, json: bool, data: Any) -> None:
    asked = {"decision": decision, "reason": reason}
    _told(Client(data).post(f"waivers/{number}/decisions", asked), json)


def _told(made: dict[str, Any], json: bool) -> None:
    show.as_json(made) if json else print(made["number"])


def _in(span: timedelta) -> str:
    """Return the time in `span`, a minute earlier: a limit of days is met by this clock and the collector's."""
    return (datetime.now(UTC) + span - timedelta(minutes=1)).isoformat(timespec="seconds")
