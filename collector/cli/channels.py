"""`muster channel`: ways by which incidents reach people and other systems."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, Refused, default_data

app = typer.Typer(no_args_is_help=True, help="Ways by which incidents reach people and other systems.")

DATA = default_data()
Name = Annotated[str, typer.Argument(help="Name of the channel.")]
COLUMNS = ("name", "kind", "state", "waiting", "dead", "last_ok", "last_error")


@app.command("list")
def listed(json: AsJson = False, data: Data = DATA) -> None:
    """List the channels and how each fares."""
    rows = Client(data).get("channels")
    show.as_json(rows) if json else show.table([_row(each) for each in rows], COLUMNS)


@app.command("show")
def shown(name: Name, data: Data = DATA) -> None:
    """Show one channel, as JSON; what logs in there is never shown."""
    show.as_json(Client(data).get(f"channels/{name}"))


@app.command("save")
def save(
    name: Name,
    file: Annotated[
        Path, typer.Argument(help="JSON as `show` shows it, and `secret` where one is given; - to read it.")
    ],
    data: Data = DATA,
) -> None:
    """Set a channel up, or write it anew."""
    Client(data).put(f"channels/{name}", _asked(file))


@app.command("test")
def try_it(name: Name, json: AsJson = False, data: Data = DATA) -> None:
    """Send a message that only tries whether the channel works."""
    answer = Client(data).post_and_wait(f"channels/{name}/tests")
    if json:
        show.as_json(answer)
    elif answer["is_well"]:
        show.text(f"{name}: it works")
    if not answer["is_well"]:
        raise Refused(f"{name}: {show.plain(answer['why'])}")


@app.command("again")
def again(name: Name, json: AsJson = False, data: Data = DATA) -> None:
    """Have what was given up for a channel tried again."""
    answer = Client(data).post(f"channels/{name}/again")
    show.as_json(answer) if json else show.text(f"{name}: {answer['messages']} messages are tried again")


@app.command("remove")
def remove(name: Name, data: Data = DATA) -> None:
    """Forget a channel; what waits for it is not sent any more."""
    Client(data).delete(f"channels/{name}")


def _row(channel: dict[str, Any]) -> dict[str, Any]:
    health = channel["health"]
    return {**channel, **health, "last_ok": show.moment(health["last_ok"])}


def _asked(file: Path) -> Any:
    """Return what a file says; what only `show` tells is left out, so that its output can be written back."""
    try:
        said = json_format.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{file}: JSON is expected") from error
    if not isinstance(said, dict):
        raise Refused(f"{file}: a record is expected")
    return {key: value for key, value in said.items() if key not in ("name", "health")}
