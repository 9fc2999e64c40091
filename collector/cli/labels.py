"""`muster label`: which labels are stale, and new ones as a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data
from collector.cli.saving import save

app = typer.Typer(no_args_is_help=True, help="Labels on devices.")

DATA = default_data()
State = Annotated[str, typer.Option("--state", help="stale, never (printed) or current.")]


@app.command("list")
def listed(
    state: State = "stale",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List labels; by default those that no longer say what the record says."""
    rows = Client(data).get("labels", state=state, limit=limit)["items"]
    if json:
        show.as_json(rows)
        return
    show.table([row["ci"] | row for row in rows], ("id", "name", "label", "place", "state", "moved", "printed_at"))


@app.command("print")
def printed(  # noqa: PLR0913  a command line has as many options as it has
    out: Annotated[Path, typer.Option("--out", help="The PDF to write.")],
    cis: Annotated[list[str] | None, typer.Argument(help="Ids of CIs; none: all that are stale.")] = None,
    paper: Annotated[str, typer.Option("--format", help="a4_70x37, a4_48x25 or roll_62x29.")] = "a4_70x37",
    skip: Annotated[int, typer.Option("--skip", min=0, help="Places of the first page that are used up.")] = 0,
    code: Annotated[str, typer.Option("--link", help="Address the codes lead to; empty: the id.")] = "",
    language: Annotated[str | None, typer.Option("--language", help="zh-CN or en.")] = None,
    data: Data = DATA,
) -> None:
    """Print labels to a PDF; what they say is kept, so that it is known when they are stale."""
    client = Client(data)
    chosen = cis or [row["ci"]["id"] for row in client.get("labels", state="stale", limit=1000)["items"]]
    if not chosen:
        print("no label is stale")
        return
    asked = {"cis": chosen, "format": paper, "skip": skip, "base": code, "language": language}
    save(client, "labels", out, asked)
    print(f"{len(chosen)} labels in {out}")
