"""`muster user`: accounts and the one-time links their owners come in by."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="Accounts.")

DATA = default_data()


@app.command("list")
def listed(json: AsJson = False, data: Data = DATA) -> None:
    """List accounts."""
    rows = Client(data).get("accounts")
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("name", "roles", "state", "created_at"))


@app.command("add")
def add(
    name: str,
    role: Annotated[
        list[str], typer.Option("--role", help="A role; repeatable. config_admin:server,pc names classes.")
    ],
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Add an account and print its first login link."""
    _print_link(Client(data), "accounts", {"name": name, "roles": role}, json)


@app.command("link")
def link(name: str, json: AsJson = False, data: Data = DATA) -> None:
    """Print a link that logs an account in once, within 30 minutes."""
    _print_link(Client(data), f"accounts/{name}/login-link", {}, json)


def _print_link(client: Client, path: str, body: dict[str, object], as_json: bool) -> None:
    made = client.post(path, body)
    if as_json:
        show.as_json(made)
    else:
        print(client.url + made["path"])
