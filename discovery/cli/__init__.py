"""The `muster-discover` command. Each command is a module here; only the one that is called is loaded."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import typer
from typer.core import TyperGroup

COMMANDS: Final = ("sweep", "identify", "walk", "lab")
"""Names of modules of this package, each with a function of that name."""


class _OnDemand(TyperGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in COMMANDS if find_spec(f"{__name__}.{name}")]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        one.command(cmd_name)(getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name))
        return typer.main.get_command(one)


app = typer.Typer(
    name="muster-discover", cls=_OnDemand, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Finds and identifies what carries no agent.",
)  # fmt: skip


@app.callback()
def _commands() -> None:
    """Finds and identifies what carries no agent."""


def main() -> None:
    """Entry point."""
    try:
        app()
    except BrokenPipeError:
        sys.exit(1)
