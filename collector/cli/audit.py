"""`muster audit`: what was done, whether the log of it is intact, and a copy to keep elsewhere."""

from __future__ import annotations

import json as jsons
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AUDITOR_TOKEN, AsJson, Client, Data, Refused, default_data

app = typer.Typer(no_args_is_help=True, help="The audit log.")

DATA = default_data()
BROKEN = 1
"""Exit code of `verify` when a row is not what was written."""
MAX_ANCHOR = 4096
AT_ONCE = 5000


@app.command("list")
def listed(  # noqa: PLR0913  a command line has as many options as it has
    actor: Annotated[str | None, typer.Option("--actor", help="Only what this account or agent did.")] = None,
    action: Annotated[list[str] | None, typer.Option("--action", help="plan.create, or plan for all of them.")] = None,
    obj: Annotated[str | None, typer.Option("--object", help="Only what was done to this: account/li.wei.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this moment on, RFC 3339.")] = None,
    query: Annotated[str | None, typer.Option("-q", help="Holds this text.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 100,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List what was done, newest first."""
    asked = {"actor": actor, "action": action, "object": obj, "since": since, "q": query}
    rows = _client(data).pages("audit", limit, **asked)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("seq", "at", "actor", "action", "object", "origin", "details"))


@app.command("verify")
def verify(
    anchors: Annotated[
        list[Path] | None, typer.Option("--anchor", help="An anchor kept elsewhere; repeatable.")
    ] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Check the chain, and that it holds the anchors of all days and those given; exit with 1 when it does not."""
    verdict = _client(data).post("audit/verification", {"anchors": [_anchor(file) for file in anchors or ()]})
    if json:
        show.as_json(verdict)
    else:
        print(_sentence(verdict))
    if not verdict["is_intact"]:
        raise typer.Exit(BROKEN)


@app.command("anchors")
def anchors(
    out: Annotated[Path | None, typer.Option("--out", help="A folder: write each as a file there.")] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List the head of the log as it was signed each day; keep them where whoever owns the database has no say."""
    rows = _client(data).get("audit/anchors")
    for each in rows:
        if out is not None:
            _write(out / f"muster-audit-{each['day']}.json", each)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("day", "seq", "hash", "at"))


@app.command("export")
def export(
    anchor: Annotated[Path | None, typer.Option("--anchor", help="Write the signed head here.")] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Print the whole log, oldest first, one JSON object a line; `--json`: one list."""
    client = _client(data)
    if json:
        show.as_json(list(_chain(client)))
    else:
        for row in _chain(client):
            sys.stdout.write(jsons.dumps(row, ensure_ascii=False) + "\n")
    if anchor is not None:
        _write(anchor, client.get("audit/anchor"))


def _client(data: Path) -> Client:
    return Client(data, AUDITOR_TOKEN)


def _chain(client: Client) -> Iterator[dict[str, Any]]:
    after = 0
    while rows := client.get("audit/chain", after=after, limit=AT_ONCE):
        yield from rows
        after = rows[-1]["seq"]


def _anchor(file: Path) -> Any:
    """Return an anchor as it was exported, or as the file of a day says it."""
    try:
        with file.open("rb") as opened:
            said = jsons.loads(opened.read(MAX_ANCHOR))
            return {name: said[name] for name in said if name != "day"} if isinstance(said, dict) else said
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(f"{file} is no anchor") from error


def _write(file: Path, anchor: dict[str, Any]) -> None:
    try:
        file.write_text(jsons.dumps(anchor, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from error


def _sentence(verdict: dict[str, Any]) -> str:
    return "; ".join((_chain_of(verdict), *_days_of(verdict)))


def _days_of(verdict: dict[str, Any]) -> Iterator[str]:
    for name, said in (("forged", "not what was signed"), ("lost", "gone")):
        if verdict[name]:
            yield f"BROKEN: the anchors of {', '.join(verdict[name])} are {said}"


def _chain_of(verdict: dict[str, Any]) -> str:
    broken = verdict["broken"]
    if broken and broken["how"] == "rewritten":
        return f"BROKEN: rewritten in rows {broken['since']} to {broken['seq']}: the anchor tells another hash"
    if broken:
        return f"BROKEN at row {broken['seq']}: {broken['how']}"
    anchored = f", anchored up to {verdict['anchored']}" if verdict["anchored"] else ""
    return f"intact: rows {verdict['first']} to {verdict['last']}{anchored}"
