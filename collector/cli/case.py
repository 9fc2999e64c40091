"""`muster case`: doubts about identity, and what a person decides on them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Doubts about identity.")

DATA = default_data()
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands with the case and in the audit log.")]
Goes = Annotated[str, typer.Option("--ci", help="The CI that goes on, where several can be meant.")]
Case = Annotated[int, typer.Argument(help="Number of the case.", min=1)]


@app.command("list")
def listed(
    state: Annotated[str | None, typer.Option("--state", help="open or decided.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List doubts about identity, newest first."""
    rows = Client(data).pages("duplicates", limit, state=state)
    if json:
        show.as_json(rows)
        return
    names = [row | {"cis": ", ".join(each["ci"]["name"] for each in row["members"])} for row in rows]
    show.table(names, ("id", "kind", "state", "cis", "why"))


@app.command("show")
def shown(case: Case, json: AsJson = False, data: Data = DATA) -> None:
    """Show one doubt: its CIs with the evidence, what they are known by, and how much waits."""
    found = Client(data).get(f"duplicates/{case}")
    if json:
        show.as_json(found)
        return
    show.table([found["case"] | {"waiting": found["waiting"]}], ("id", "kind", "state", "why", "decision", "waiting"))
    show.table([each["ci"] | each for each in found["case"]["members"]], ("id", "name", "evidence"))
    show.table(found["identifiers"], ("kind", "value", "cis"))


@app.command("same")
def same(cases: list[int], ci: Goes = "", reason: Reason = "", data: Data = DATA) -> None:
    """It is one thing: merge; several cases of one kind at once."""
    _decide(data, cases, {"decision": "same", "ci": ci, "reason": reason})


@app.command("apart")
def apart(cases: list[int], reason: Reason = "", data: Data = DATA) -> None:
    """They are different things, and that is not asked again; several cases of one kind at once."""
    _decide(data, cases, {"decision": "apart", "reason": reason})


@app.command("replaces")
def replaces(case: Case, ci: Goes = "", reason: Reason = "", data: Data = DATA) -> None:
    """The hardware of a CI was replaced: it goes on, its old serial ends."""
    _decide(data, [case], {"decision": "replaces", "ci": ci, "reason": reason})


@app.command("quarantine")
def quarantine(case: Case, kind: str, value: str, reason: Reason = "", data: Data = DATA) -> None:
    """An identifier names nobody from now on; it is written as `show` shows it."""
    named = {"kind": kind, "value": value}
    _decide(data, [case], {"decision": "quarantine", "identifier": named, "reason": reason})


@app.command("clone")
def clone(case: Case, reason: Reason = "", data: Data = DATA) -> None:
    """Two things speak as one: nothing is written of the CI until this is decided otherwise."""
    _decide(data, [case], {"decision": "clone", "reason": reason})


Merge = Annotated[int, typer.Argument(help="Number of the merge, as `muster case identity` shows it.", min=1)]


@app.command("unmerge")
def unmerge(merge: Merge, data: Data = DATA) -> None:
    """Let two CIs that were merged be two again."""
    Client(data).post(f"merges/{merge}/undo", {})


@app.command("split")
def split(ci_id: str, sources: list[str], json: AsJson = False, data: Data = DATA) -> None:
    """Let what some of its sources say be a CI of its own; they are written as `identity` shows them."""
    made = Client(data).post(f"cis/{ci_id}/split", {"sources": sources})
    if json:
        show.as_json(made)
    else:
        print(made["id"])


@app.command("identity")
def identity(ci_id: str, json: AsJson = False, data: Data = DATA) -> None:
    """Say why a CI is one CI: who speaks of it, what names it, what was merged into it and told apart from it."""
    found = Client(data).get(f"cis/{ci_id}/identity")
    if json:
        show.as_json(found)
        return
    show.table(found["spoken"], ("source", "role", "matched_by", "since"))
    show.table(found["names"], ("kind", "value", "state", "source", "why"))
    for name in ("merged", "apart"):
        if found[name]:
            show.table([_joined(each, name) for each in found[name]], (name, "id", "name", "by", "at"))


def _joined(row: dict[str, Any], name: str) -> dict[str, Any]:
    return row | {name: row["id"], "id": row["ci"]["id"], "name": row["ci"]["name"]}


def _decide(data: Data, cases: list[int], asked: dict[str, Any]) -> None:
    client = Client(data)
    if len(cases) == 1:
        client.post(f"duplicates/{cases[0]}/decide", asked)
        return
    told = client.post("duplicates/decide", asked | {"ids": cases})
    print(f"{told['decided']} decided")
    show.table(told["left"], ("id", "why"))
