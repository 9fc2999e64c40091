"""`muster finding`: what moved, what is held of it, and what a person answers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, AsOf, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Findings: what moved, held against changes.")

DATA = default_data()
Finding = Annotated[int, typer.Argument(help="Number of the finding.", min=1)]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands with the finding and in the audit log.")]
COLUMNS = ("id", "verdict", "ci", "moved", "due_at", "opened_at")


@app.command("list")
def listed(
    states: Annotated[list[str] | None, typer.Option("--state", help="open or closed.")] = None,
    verdicts: Annotated[
        list[str] | None, typer.Option("--verdict", help="pending, unapproved, variance …; repeatable.")
    ] = None,
    at: AsOf = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List findings, newest first."""
    rows = Client(data).pages("findings", limit, state=states or [], verdict=verdicts or [], at=at)
    if json:
        show.as_json(rows)
    else:
        show.table([row | {"ci": row["ci"]["name"], "moved": _moved(row)} for row in rows], COLUMNS)


@app.command("tasks")
def tasks(
    assignee: Annotated[str, typer.Option("--of", help="Only what this account is to put back.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what should be put back by now.")] = False,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List what is to be put back: by whom, until when, and whether they say that it is done."""
    rows = Client(data).pages("findings", 1000, to_put_back=True, assignee=assignee, overdue=overdue)
    if json:
        show.as_json(rows)
        return
    told = [row["revert"] | {"id": row["id"], "ci": row["ci"]["name"], "moved": _moved(row)} for row in rows]
    show.table(told, ("id", "ci", "moved", "assignee", "due_at", "state", "again", "incident"))


@app.command("unverified")
def unverified(
    change: Annotated[str, typer.Option("--change", help="Only of this change.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List what nobody saw within a day after a change: line, CI, what is expected there, whose change it is."""
    found = Client(data).get("findings/unverified", change=change)
    if json:
        show.as_json(found)
        return
    rows = [row | {"ci": row["ci"]["name"]} for row in found]
    show.table(rows, ("change", "line", "ci", "section", "key", "field", "how", "value", "owner", "over_at"))


@app.command("show")
def shown(finding: Finding, json: AsJson = False, data: Data = DATA) -> None:
    """Show one finding: what moved between when and when, and why no change explains it."""
    found = Client(data).get(f"findings/{finding}")
    if json:
        show.as_json(found)
        return
    head = found | {"ci": found["ci"]["name"]}
    show.table([head], ("id", "verdict", "ci", "last_before_at", "first_after_at", "due_at", "waived_until"))
    show.table(found["items"], ("section", "key", "field", "before", "after", "verdict", "change", "actor"))
    refused = [each | {"key": item["key"]} for item in found["items"] for each in item["refused"]]
    if refused:
        show.table(refused, ("key", "change", "reason", "lacks"))
    if found["revert"]:
        show.table([found["revert"]], ("assignee", "due_at", "state", "note", "again", "incident"))


@app.command("campaigns")
def campaigns(json: AsJson = False, data: Data = DATA) -> None:
    """List what moved alike on ten CIs or more within a day; `accept` takes the findings of one together."""
    found = Client(data).get("findings/campaigns")
    if json:
        show.as_json(found)
        return
    rows = [each | {"shared": _moved({"items": each["shared"]}), "findings": _numbers(each)} for each in found]
    show.table(rows, ("number", "cis", "shared", "due_at", "findings"))


@app.command("accept")
def accept(findings: list[int], reason: Reason, data: Data = DATA) -> None:
    """What moved is right as it is, and authorised from now on; several findings as one decision."""
    client = Client(data)
    if len(findings) == 1:
        client.post(f"findings/{findings[0]}/accept", {"reason": reason})
        return
    told = client.post("findings/accept", {"ids": findings, "reason": reason})
    print(f"{told['accepted']} accepted")
    if told["left"]:
        show.table(told["left"], ("id", "why"))
        raise typer.Exit(1)


@app.command("waive")
def waive(
    finding: Finding,
    until: Annotated[str, typer.Option("--until", help="RFC 3339 with the offset, within a year.")],
    reason: Reason,
    data: Data = DATA,
) -> None:
    """Let it stand without an incident until a time."""
    Client(data).post(f"findings/{finding}/waive", {"until": until, "reason": reason})


@app.command("undo")
def undo(
    finding: Finding,
    reason: Reason,
    assignee: Annotated[
        str, typer.Option("--by", help="The account that puts it back; else who has its incident, or its class.")
    ] = "",
    until: Annotated[str, typer.Option("--until", help="RFC 3339 with the offset; else three days.")] = "",
    data: Data = DATA,
) -> None:
    """Have somebody put it back; it closes when it is seen to be as authorised."""
    asked = {"assignee": assignee, "reason": reason, "due_at": until or None}
    Client(data).post(f"findings/{finding}/undo", asked)


@app.command("put-back")
def put_back(
    finding: Finding,
    note: Annotated[str, typer.Option("--note", help="What was done; it stands with the finding.")],
    data: Data = DATA,
) -> None:
    """Say that it is put back, as whom it was asked of; it is over when that is seen."""
    Client(data).post(f"findings/{finding}/put-back", {"note": note})


@app.command("call-off")
def call_off(finding: Finding, reason: Reason, data: Data = DATA) -> None:
    """Let it not be put back any more; it waits for another answer."""
    Client(data).post(f"findings/{finding}/call-off", {"reason": reason})


def _moved(row: dict[str, Any]) -> str:
    items = row["items"]
    named = ", ".join(f"{each['section']}.{each['key']}" for each in items[:3])
    return named + (f" … +{len(items) - 3}" if len(items) > 3 else "")


def _numbers(campaign: dict[str, Any]) -> str:
    return " ".join(str(each["id"]) for each in campaign["findings"])
