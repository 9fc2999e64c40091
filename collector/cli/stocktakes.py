"""`muster stocktake`: rounds and stock-takes, opened, counted with a scanner at the keyboard, closed."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data
from collector.cli.saving import save

app = typer.Typer(no_args_is_help=True, help="Machine-room rounds and stock-takes.")

DATA = default_data()
HOUR_MS = 3_600_000
Number = Annotated[str, typer.Argument(help="Number of the stock-take, such as ST-000001.")]
People = Annotated[list[str], typer.Option("--who", help="An account that counts; several times for several.")]
Place = Annotated[str, typer.Option("--place", help="A place; what lies within it counts, too.")]
_SHOWN = ("number", "kind", "state", "title", "said", "lines", "people", "opened_at", "closed_at")


@app.command("list")
def listed(
    state: Annotated[str | None, typer.Option("--state", help="open or closed.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List stock-takes, newest first."""
    rows = Client(data).pages("stocktakes", limit, state=state)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, _SHOWN)


@app.command("show")
def shown(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Show one stock-take and how much of it is counted."""
    found = Client(data).get(f"stocktakes/{number}")
    if json:
        show.as_json(found)
        return
    show.table([found], ("number", "kind", "state", "title", "people", "opened_at", "closed_at", "is_intact"))
    show.table([found["counts"]], tuple(found["counts"]))


@app.command("open")
def opened(  # noqa: PLR0913  a command line has as many options as it has
    title: str,
    who: People,
    kind: Annotated[str, typer.Option("--kind", help="round or yearly.")] = "round",
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class; several times.")] = None,
    place: Place = "",
    label_from: Annotated[str, typer.Option("--label-from")] = "",
    label_to: Annotated[str, typer.Option("--label-to")] = "",
    cis: Annotated[list[str] | None, typer.Option("--ci", help="Only this CI: label, name or id.")] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Who counts is not shown what is expected.")] = False,
    data: Data = DATA,
) -> None:
    """Freeze what is in scope and let people count it; prints the number."""
    asked = {
        "kind": kind, "title": title, "people": who, "class": classes or [], "place": place,
        "label_from": label_from, "label_to": label_to, "cis": cis or [], "blind": blind,
    }  # fmt: skip
    print(Client(data).post("stocktakes", asked)["number"])


@app.command("count")
def count(number: Number, place: Place = "", data: Data = DATA) -> None:
    """Take a scan a line from standard input, as a scanner types them, and say what each one comes to."""
    client = Client(data)
    for line in sys.stdin:
        if text := line.strip():
            mark = {"key": secrets.token_hex(16), "text": text, "place": place}
            print(_became(client.post(f"stocktakes/{number}/marks", mark)), flush=True)


def _became(taken: dict[str, Any]) -> str:
    name = taken["ci"]["name"] if taken["ci"] else taken["seen"]
    stale = f" (the label says {taken['printed']})" if taken["printed"] else ""
    return show.plain(f"{taken['outcome']}: {name}{stale}")


@app.command("close")
def close(
    number: Number,
    rest: Annotated[bool, typer.Option("--rest-missing", help="What was not counted is missing.")] = False,
    note: Annotated[str, typer.Option("--note")] = "",
    data: Data = DATA,
) -> None:
    """End a stock-take; prints the digest of its report."""
    print(Client(data).post(f"stocktakes/{number}/close", {"rest_is_missing": rest, "note": note})["digest"])


@app.command("propose")
def propose(number: Number, reason: str, data: Data = DATA) -> None:
    """Raise one standard change for what has moved; prints its number."""
    print(Client(data).post(f"stocktakes/{number}/changes", {"reason": reason})["number"])


@app.command("plans")
def plans(json: AsJson = False, data: Data = DATA) -> None:
    """List the plans by which rounds and stock-takes come by themselves."""
    rows = Client(data).get("stocktakes/plans")
    if json:
        show.as_json(rows)
        return
    told = [row | {"title": row["plan"]["title"], "kind": row["plan"]["kind"], "assignee": row["plan"]["assignee"],
                   "rrule": row["plan"]["schedule"]["rrule"]} for row in rows]  # fmt: skip
    show.table(told, ("number", "kind", "title", "state", "next_for", "rrule", "assignee", "version"))


@app.command("plan")
def plan(  # noqa: PLR0913  a command line has as many options as it has
    title: str,
    rrule: Annotated[str, typer.Option("--rrule", help="When, such as FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9.")],
    who: Annotated[str, typer.Option("--who", help="The account that sees to it.")],
    deputy: Annotated[str, typer.Option("--deputy", help="Who stands in.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="round or yearly.")] = "round",
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only this class; several times.")] = None,
    place: Place = "",
    zone: Annotated[str, typer.Option("--zone", help="Time zone of the clock.")] = "Asia/Shanghai",
    hours: Annotated[int, typer.Option("--hours", min=0, max=400, help="Working hours it may take.")] = 40,
    data: Data = DATA,
) -> None:
    """Have a round or a stock-take begin by itself; prints the number of the plan."""
    schedule = {"rrule": rrule, "zone": zone, "on_non_workday": "next", "due_ms": hours * HOUR_MS}
    asked = {
        "kind": kind, "title": title, "assignee": who, "deputy": deputy, "schedule": schedule,
        "scope": {"classes": classes or [], "place": place},
    }  # fmt: skip
    print(Client(data).post("stocktakes/plans", {"plan": asked})["number"])


@app.command("turn")
def turn(
    number: Annotated[str, typer.Argument(help="Number of the plan, such as RND-0001.")],
    state: Annotated[str, typer.Argument(help="active, paused or ended.")],
    data: Data = DATA,
) -> None:
    """Let a plan rest (paused), go on from now (active), or end for good (ended)."""
    print(Client(data).post(f"stocktakes/plans/{number}/state", {"state": state})["state"])


@app.command("report")
def report(
    number: Number,
    out: Annotated[Path, typer.Option("--out", help="The file; its ending says which kind: json csv xml xlsx pdf.")],
    data: Data = DATA,
) -> None:
    """Write the report to a file."""
    save(Client(data), f"stocktakes/{number}/report", out, format=out.suffix.removeprefix(".").lower())
