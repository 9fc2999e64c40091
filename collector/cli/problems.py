"""`muster problem` and `muster alert`: what keeps coming back, and alerts somebody has seen."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Problems: why incidents come back.")
alert_app = typer.Typer(no_args_is_help=True, help="Alerts: what fires, and who has seen it.")

DATA = default_data()
Number = Annotated[str, typer.Argument(help="Number of a problem: PRB-000001.")]
Text = Annotated[str, typer.Option("--text", help="The reason.")]
Rule = Annotated[str, typer.Argument(help="Id of a rule.")]
Uid = Annotated[str, typer.Argument(help="Id of a CI.")]
Instance = Annotated[str, typer.Option("--instance", help="Which one on that CI; empty: the whole.")]
COLUMNS = ("number", "state", "title", "ci", "incidents", "owner", "last_at", "raised_at")


@app.command("list")
def listed(
    states: Annotated[
        list[str] | None, typer.Option("--state", help="proposed, open, known_error, resolved …; repeatable.")
    ] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List problems, newest first."""
    rows = Client(data).pages("problems", 1000, state=states or [])
    if json:
        show.as_json(rows)
    else:
        show.table([_flat(row) for row in rows], COLUMNS)


@app.command("show")
def shown(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Show one problem: what is known of it, its incidents, and what was done."""
    found = Client(data).get(f"problems/{number}")
    if json:
        show.as_json(found)
        return
    show.table([_flat(found)], COLUMNS)
    for name in ("cause", "workaround", "solution"):
        show.text(f"\n{name}: {found[name] or '–'}\n")
    show.text(f"\n{' '.join(found['incident_numbers'])}\n")
    show.table(found["trail"], ("at", "who", "act", "comment"))


@app.command("raise")
def raised(
    incident: Annotated[str, typer.Argument(help="Number of an incident: INC-000001.")],
    title: Annotated[str, typer.Option("--title", help="Empty: that of the incident.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Make an incident a problem."""
    _say(Client(data).post("problems", {"incident": incident, "title": title}), json)


@app.command("accept")
def accept(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Accept what is proposed; it is yours then."""
    _say(Client(data).post(f"problems/{number}/decisions", {"act": "accept"}), json)


@app.command("decline")
def decline(number: Number, text: Text, json: AsJson = False, data: Data = DATA) -> None:
    """Decline what is proposed, with the reason."""
    _say(Client(data).post(f"problems/{number}/decisions", {"act": "decline", "text": text}), json)


@app.command("close")
def close(number: Number, text: Text = "", json: AsJson = False, data: Data = DATA) -> None:
    """Close a problem; one that is not resolved, with the reason."""
    _say(Client(data).post(f"problems/{number}/decisions", {"act": "close", "text": text}), json)


@app.command("known")
def known(
    number: Number,
    workaround: Annotated[str, typer.Option("--workaround", help="The way round it.")] = "",
    cause: Annotated[str, typer.Option("--cause", help="What is behind it.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Make a problem a known error, with its cause or a way round it."""
    _write(Client(data), number, {"workaround": workaround, "cause": cause})
    _say(Client(data).post(f"problems/{number}/acts", {"act": "know"}), json)


@app.command("resolve")
def resolve(
    number: Number,
    solution: Annotated[str, typer.Option("--solution", help="What solves it for good.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Resolve a problem, with its solution."""
    _write(Client(data), number, {"solution": solution})
    _say(Client(data).post(f"problems/{number}/acts", {"act": "resolve"}), json)


@app.command("reopen")
def reopen(number: Number, text: Text, json: AsJson = False, data: Data = DATA) -> None:
    """Open a problem again, with the reason."""
    _say(Client(data).post(f"problems/{number}/acts", {"act": "reopen", "text": text}), json)


@alert_app.command("list")
def alerts(
    unseen: Annotated[bool, typer.Option("--unseen", help="Only what nobody has seen.")] = False,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List alerts, the worst first."""
    rows = Client(data).pages("alerts", 1000, **({"acknowledged": False} if unseen else {}))
    if json:
        show.as_json(rows)
    else:
        shown = [row | {"ci": row["ci"]["id"], "name": row["ci"]["name"], "seen": (row["ack"] or {}).get("who", "")}
                 for row in rows]  # fmt: skip
        show.table(shown, ("rule", "ci", "name", "instance", "state", "outcome", "since", "seen"))


@alert_app.command("seen")
def seen(
    rule: Rule, ci: Uid, reason: Annotated[str, typer.Option("--reason", help="Why, or what you are going to do.")],
    instance: Instance = "", data: Data = DATA,
) -> None:  # fmt: skip
    """Say that you have seen an alert that fires."""
    Client(data).post("alerts/acknowledge", {"rule": rule, "ci": ci, "instance": instance, "reason": reason})


@alert_app.command("unsee")
def unsee(
    rule: Rule, ci: Uid, reason: Annotated[str, typer.Option("--reason", help="Why.")], instance: Instance = "",
    data: Data = DATA,
) -> None:  # fmt: skip
    """Take that back."""
    Client(data).post("alerts/withdraw", {"rule": rule, "ci": ci, "instance": instance, "reason": reason})


def _write(client: Client, number: str, said: dict[str, str]) -> None:
    given = {name: text for name, text in said.items() if text}
    if given:
        client.put(f"problems/{number}", given)


def _say(found: dict[str, Any], json: bool) -> None:
    if json:
        show.as_json(found)
    else:
        print(f"{found['number']} {found['state']} {found['owner']}".rstrip())


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"title": row["title"]["en"], "ci": (row["ci"] or {}).get("name", "")}
