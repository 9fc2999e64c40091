"""`muster inspection`: plans of periodic maintenance and their inspections, from template to signature."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data
from collector.cli.saving import save

app = typer.Typer(no_args_is_help=True, help="Periodic maintenance: plans and inspections.")

DATA = default_data()
Number = Annotated[str, typer.Argument(help="Number of the inspection, such as INS-000001.")]
PlanNumber = Annotated[str, typer.Argument(help="Number of the plan, such as PLN-0001.")]
_SHOWN = (
    "number", "title", "state", "scheduled_for", "due_at", "coverage", "problems", "unknown", "assignee", "incident",
)  # fmt: skip
_LINES = ("state", "severity", "name", "rule", "instance", "reason", "standing", "incident")


def _row(run: dict[str, Any]) -> dict[str, Any]:
    ratio = run["coverage"]
    return run | {
        "title": run["title"]["en"], "problems": run["states"].get("PROBLEM", 0),
        "unknown": run["states"].get("UNKNOWN", 0), "coverage": "" if ratio is None else f"{100 * ratio:.0f} %",
    }  # fmt: skip


@app.command("list")
def listed(
    state: Annotated[str | None, typer.Option("--state", help="open, signed or done.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that wait longer than they may.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List inspections, newest first."""
    rows = Client(data).pages("inspections", limit, state=state, overdue=True if overdue else None)
    if json:
        show.as_json(rows)
    else:
        show.table([_row(run) for run in rows], _SHOWN)


@app.command("show")
def shown(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Show one inspection: what is wrong, what could not be told, and what waits to be filled in."""
    found = Client(data).get(f"inspections/{number}")
    if json:
        show.as_json(found)
        return
    show.table([_row(found)], _SHOWN)
    show.table([line for line in found["lines"] if line["state"] not in ("PASS", "N/A")], _LINES)
    items = [each | {"text": each["text"]["en"]} for each in found["items"]]
    show.table(items, ("id", "text", "state", "value", "limits", "photo", "is_done", "who"))


@app.command("plans")
def plans(json: AsJson = False, data: Data = DATA) -> None:
    """List the plans, by when they come due."""
    rows = Client(data).get("plans")
    if json:
        show.as_json(rows)
        return
    told = [row | {"title": row["plan"]["title"]["en"], "rrule": row["plan"]["schedule"]["rrule"],
                   "assignee": row["plan"]["assignee"]} for row in rows]  # fmt: skip
    show.table(told, ("number", "title", "state", "next_for", "rrule", "assignee", "version"))


@app.command("templates")
def templates(json: AsJson = False, data: Data = DATA) -> None:
    """List the templates plans are made of."""
    rows = Client(data).get("plans/templates")
    if json:
        show.as_json(rows)
        return
    told = [row | {"title": row["plan"]["title"]["en"], "rrule": row["plan"]["schedule"]["rrule"]} for row in rows]
    show.table(told, ("name", "title", "rrule"))


@app.command("plan")
def plan(
    template: Annotated[str, typer.Argument(help="Name of a template: see `muster inspection templates`.")],
    assignee: Annotated[str, typer.Option("--who", help="The account that does it.")],
    deputy: Annotated[str, typer.Option("--deputy", help="Who stands in.")] = "",
    data: Data = DATA,
) -> None:
    """Make a plan of a template; prints its number."""
    print(Client(data).post("plans", {"template": template, "assignee": assignee, "deputy": deputy})["number"])


@app.command("pause")
def pause(number: PlanNumber, data: Data = DATA) -> None:
    """Let a plan rest."""
    Client(data).post(f"plans/{number}/pause", {"paused": True})


@app.command("resume")
def resume(number: PlanNumber, data: Data = DATA) -> None:
    """Let a plan go on from now."""
    Client(data).post(f"plans/{number}/pause", {"paused": False})


@app.command("run")
def run(number: PlanNumber, data: Data = DATA) -> None:
    """Make an inspection of a plan now; prints its number."""
    print(Client(data).post_and_wait(f"plans/{number}/runs")["number"])


@app.command("look")
def look(number: Number, data: Data = DATA) -> None:
    """Check again by what is known now."""
    show.table([_row(Client(data).post_and_wait(f"inspections/{number}/look"))], _SHOWN)


@app.command("fill")
def fill(
    number: Number,
    item: Annotated[str, typer.Argument(help="Id of the item, such as M-FIRE.")],
    value: Annotated[str, typer.Argument(help="The reading, the text, or the number of the choice from 0.")] = "",
    note: Annotated[str, typer.Option("--note")] = "",
    photo: Annotated[Path | None, typer.Option("--photo", help="JPEG, PNG or WebP.")] = None,
    data: Data = DATA,
) -> None:
    """Fill in one item of an inspection."""
    said = {"item": item, "key": secrets.token_hex(16), "value": value, "note": note}
    done = Client(data).post_form(f"inspections/{number}/answers", said, photo)
    print(show.plain(f"{done['id']}: {done['state']}{'' if done['is_done'] else ' (a photo is needed)'}"))


@app.command("sign")
def sign(number: Number, data: Data = DATA) -> None:
    """Sign an inspection as its inspector; prints the digest of the report."""
    print(Client(data).post(f"inspections/{number}/sign")["digest"])


@app.command("review")
def review(number: Number, data: Data = DATA) -> None:
    """Sign an inspection as the second person."""
    Client(data).post(f"inspections/{number}/review")


@app.command("return")
def send_back(number: Number, reason: str, data: Data = DATA) -> None:
    """Let the inspector do it again."""
    Client(data).post(f"inspections/{number}/return", {"reason": reason})


@app.command("note")
def note(number: Number, text: str, data: Data = DATA) -> None:
    """Add to an inspection; what was signed stays."""
    Client(data).post(f"inspections/{number}/notes", {"text": text})


@app.command("report")
def report(
    number: Number,
    out: Annotated[Path, typer.Option("--out", help="The file; its ending says which kind: json csv xml xlsx pdf.")],
    language: Annotated[str | None, typer.Option("--language", help="zh-CN or en.")] = None,
    data: Data = DATA,
) -> None:
    """Write the report to a file."""
    kind = out.suffix.removeprefix(".").lower()
    save(Client(data), f"inspections/{number}/report", out, format=kind, language=language)
