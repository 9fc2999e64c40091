"""`muster incident`: what people must look at, and what they do with it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, AsOf, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Incidents.")

DATA = default_data()
Number = Annotated[str, typer.Argument(help="Number of an incident: INC-000001.")]
Text = Annotated[str, typer.Option("--text", help="The reason, the solution or the comment.")]


@app.command("list")
def listed(  # noqa: PLR0913  a command line has as many options as it has
    states: Annotated[
        list[str] | None, typer.Option("--state", help="open (all unresolved), new, pending …; repeatable.")
    ] = None,
    priorities: Annotated[list[str] | None, typer.Option("--priority", help="P1 to P4; repeatable.")] = None,
    lines: Annotated[list[int] | None, typer.Option("--line", min=1, max=3, help="Repeatable.")] = None,
    assignee: Annotated[str, typer.Option("--assignee", help="Only those of this account.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those one of whose clocks has run out.")] = False,
    at: AsOf = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List incidents, newest first."""
    rows = Client(data).pages(
        "incidents", 1000, state=states or [], priority=priorities or [], line=lines or [], assignee=assignee,
        overdue=overdue, at=at,
    )  # fmt: skip
    if json:
        show.as_json(rows)
    else:
        shown = [_flat(row) for row in rows]
        show.table(shown, ("number", "priority", "state", "title", "ci", "line", "assignee", "due_at", "opened_at"))


@app.command("show")
def shown(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Show one incident: where it stands, its clocks, what it is made of and what was done."""
    found = Client(data).get(f"incidents/{number}")
    if json:
        show.as_json(found)
        return
    show.table([_flat(found)], ("number", "priority", "state", "title", "ci", "line", "assignee", "contact", "place"))
    show.table(found["clocks"], ("clock", "state", "allowed_ms", "warn_at", "due_at"))
    show.table([_flat(each) for each in found["members"]], ("role", "ci", "title", "severity", "since", "ended_at"))
    show.table(found["trail"], ("at", "who", "act", "comment"))
    show.table(found["offers"], ("act", "denied"))


@app.command("take")
def take(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Take an incident, as the first account."""
    _act(data, json, number, "take")


@app.command("assign")
def assign(
    number: Number,
    to: Annotated[str, typer.Argument(help="An account of one of the lines.")],
    text: Text = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Give an incident to somebody."""
    _act(data, json, number, "assign", to=to, text=text)


@app.command("hand-on")
def hand_on(
    number: Number,
    text: Text,
    line: Annotated[int, typer.Option("--line", min=0, max=3, help="0: the next.")] = 0,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Hand an incident to another line, with the reason."""
    _act(data, json, number, "hand_on", text=text, line=line)


@app.command("wait")
def wait(
    number: Number,
    code: Annotated[str, typer.Option("--for", help="user, vendor, parts, change, colleague …")],
    text: Text,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Put an incident on hold; its clocks stop where the reason stops them."""
    _act(data, json, number, "wait", code=code, text=text)


@app.command("resume")
def resume(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Go on with an incident that waits."""
    _act(data, json, number, "resume")


@app.command("resolve")
def resolve(
    number: Number,
    text: Text,
    code: Annotated[str, typer.Option("--code", help="fixed, workaround, replaced, advised …")] = "fixed",
    vendor: Annotated[str, typer.Option("--vendor", help="What the vendor did.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Resolve an incident, with the solution."""
    _act(data, json, number, "resolve", text=text, code=code, vendor=vendor)


@app.command("close")
def close(
    number: Number,
    score: Annotated[int | None, typer.Option("--score", min=1, max=5, help="What the user says of it.")] = None,
    text: Text = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Close an incident that is resolved."""
    _act(data, json, number, "close", score=score, text=text)


@app.command("score")
def score(
    number: Number,
    score: Annotated[int, typer.Argument(min=1, max=5, help="What the user says of it.")],
    text: Text = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Score an incident that closed without one."""
    _act(data, json, number, "score", score=score, text=text)


@app.command("reopen")
def reopen(number: Number, text: Text, json: AsJson = False, data: Data = DATA) -> None:
    """Open an incident again, with the reason."""
    _act(data, json, number, "reopen", text=text)


@app.command("comment")
def comment(number: Number, text: Text, json: AsJson = False, data: Data = DATA) -> None:
    """Say something about an incident; who reported it sees it."""
    _act(data, json, number, "comment", text=text)


def _act(data: Any, json: bool, number: str, act: str, **more: Any) -> None:
    found = Client(data).post(f"incidents/{number}/acts", {"act": act, **more})
    if json:
        show.as_json(found)
    else:
        print(f"{found['number']} {found['state']} line {found['line']} {found['assignee']}".rstrip())


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"title": row["title"]["en"], "ci": (row["ci"] or {}).get("name", "")}
