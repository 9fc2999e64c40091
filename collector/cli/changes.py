"""`muster change`: changes, their steps, and lists of them from other systems."""

from __future__ import annotations

from json import loads
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from collector.cli import show
from collector.cli.client import AsJson, AsOf, Client, Data, Refused, default_data

app = typer.Typer(no_args_is_help=True, help="Changes.")

DATA = default_data()
COLUMNS = ("number", "type", "state", "unverified", "title", "initiator", "implementer", "window_start")
Number = Annotated[str, typer.Argument(help="Number of a change: CHG-000001.")]


@app.command("list")
def listed(  # noqa: PLR0913  a command line has as many options as it has
    states: Annotated[list[str] | None, typer.Option("--state", help="draft, approved …; repeatable.")] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="standard, normal …; repeatable.")] = None,
    who: Annotated[str, typer.Option("--who", help="Only those this account takes part in.")] = "",
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Only those of which nobody saw something a day after the work.")
    ] = False,
    at: AsOf = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List changes, newest first."""
    asked = {"state": states or [], "type": types or [], "who": who, "unverified": unverified or None}
    rows = Client(data).pages("changes", limit, **asked, at=at)
    if json:
        show.as_json(rows)
    else:
        show.table([_owed(row) for row in rows], COLUMNS)


@app.command("show")
def shown(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Show one change: where it stands, what is planned and what was seen of it, who said what."""
    found = Client(data).get(f"changes/{number}")
    if json:
        show.as_json(found)
        return
    show.table([_owed(found)], (*COLUMNS, "window_end"))
    lines = [_flat(line) for line in found["lines"]]
    show.table(lines, ("ci", "section", "key", "field", "how", "value", "state", "seen"))
    show.table(found["words"], ("at", "who", "role", "stage", "granted", "reason", "flaw"))
    show.table(found["steps"], ("step", "part", "denied"))


@app.command("raise")
def raise_(  # noqa: PLR0913  a command line has as many options as it has
    title: str,
    type_: Annotated[str, typer.Option("--type", help="standard, normal, major, emergency or request.")],
    reason: Annotated[str, typer.Option("--reason")],
    implementer: Annotated[str, typer.Option("--implementer", help="The account that carries it out.")],
    cis: Annotated[list[str] | None, typer.Option("--ci", help="Id of a CI; repeatable.")] = None,
    expects: Annotated[
        list[str] | None, typer.Option("--expect", help="CI:SECTION:KEY=VALUE; no =VALUE: as found; repeatable.")
    ] = None,
    start: Annotated[str, typer.Option("--start", help="RFC 3339 with the offset.")] = "",
    end: Annotated[str, typer.Option("--end", help="RFC 3339 with the offset.")] = "",
    text: Annotated[str, typer.Option("--text", help="How it is done, and undone.")] = "",
    finding: Annotated[int | None, typer.Option("--finding", help="The finding it is made from.")] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Raise a change as a draft and print its number."""
    body = {
        "type": type_, "title": title, "reason": reason, "implementer": implementer, "cis": cis or [], "text": text,
        "lines": [_line(each) for each in expects or []],
        "window": {"start": start, "end": end} if start or end else None, "finding": finding,
    }  # fmt: skip
    _told(Client(data).post("changes", body), json)


@app.command("step")
def step(
    number: Number,
    what: Annotated[str, typer.Argument(help="submit, approve, refuse, start, finish, close or cancel.")],
    reason: Annotated[str, typer.Option("--reason", help="Needed to refuse and to cancel.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Do one step, as the first account; what may not be done is refused with its reasons."""
    _told(Client(data).post(f"changes/{number}/steps", {"step": what, "reason": reason}), json)


@app.command("import")
def take(
    file: Path,
    origin: Annotated[str, typer.Option("--origin", help="The system the list comes from.")],
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Take a list of changes, a row a line of a plan; with one wrong row nothing is taken."""
    taken = Client(data).send("change-imports", file, origin=origin)
    if json:
        show.as_json(taken)
    else:
        show.table(taken["wrong"], ("row", "field", "why"))
        print(f"{len(taken['made'])} new, {len(taken['known'])} known, {len(taken['wrong'])} wrong")
    if taken["wrong"]:
        raise typer.Exit(1)


@app.command("systems")
def systems(json: AsJson = False, data: Data = DATA) -> None:
    """List the systems changes are taken from, and what the last look at each brought."""
    rows = Client(data).get("ticket-systems")
    if json:
        show.as_json(rows)
        return
    flat = [row | {name: (row["last"] or {}).get(name) for name in ("at", "failed", "known", "left")} for row in rows]
    show.table(flat, ("name", "kind", "url", "every_minutes", "at", "known", "left", "failed"))


@app.command("system")
def system(
    name: Annotated[str, typer.Argument(help="What the system is called here, and in its changes.")],
    file: Annotated[Path | None, typer.Option("--file", help="JSON: kind, url, secret, people, voices …")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the system; its changes stay.")] = False,
    data: Data = DATA,
) -> None:
    """Set up a system changes are taken from, show it, or forget it."""
    path, client = f"ticket-systems/{quote(name, safe='')}", Client(data)
    if remove:
        client.delete(path)
        return
    if file:
        client.put(path, _said(file))
    show.as_json(client.get(path))


@app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help="A system as `systems` lists it.")],
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Take the changes of another system now, and say what was not taken and why; 1 when nothing could be read."""
    report = Client(data).post_and_wait(f"ticket-systems/{quote(name, safe='')}/pulls")
    if json:
        show.as_json(report)
    else:
        show.table(report["not_taken"], ("reference", "title", "field", "why"))
        print(f"{report['seen']} seen, {report['new']} new, {report['known']} known, {report['left']} not taken")
        if report["failed"]:
            print(show.plain(report["failed"]))
    if report["failed"]:
        raise typer.Exit(1)


def _said(file: Path) -> Any:
    try:
        return loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{file}: {error}") from error


def _told(change: dict[str, Any], json: bool) -> None:
    if json:
        show.as_json(change)
    else:
        print(f"{change['number']} {change['state']}")


def _line(text: str) -> dict[str, Any]:
    path, equals, value = text.partition("=")
    parts = path.split(":", 2)
    if len(parts) != 3:
        raise Refused(f"CI:SECTION:KEY=VALUE is expected, not {show.plain(text)}")
    ci, section, key = parts
    return {"ci": ci, "section": section, "key": key, "how": "exact" if equals else "discovered",
            "value": value if equals else None}  # fmt: skip


def _owed(change: dict[str, Any]) -> dict[str, Any]:
    """Return a change with how many of its lines nobody saw in time."""
    return change | {"unverified": (change["unverified"] or {}).get("count")}


def _flat(line: dict[str, Any]) -> dict[str, Any]:
    return line | {"ci": line["ci"]["name"]}
