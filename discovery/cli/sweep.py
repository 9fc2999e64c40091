"""`muster-discover sweep`: who answers in some ranges, and what it is."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from discovery.authenticate import Access
from discovery.credential_file import exposed, load
from discovery.credentials import Credential, communities
from discovery.doors import DOORS
from discovery.failures import REMEDIES
from discovery.library import Library
from discovery.limits import Limits, Until, profile_of
from discovery.lined import BadDefinition
from discovery.outcome import Outcome
from discovery.plan import plan
from discovery.sweep import Sweep
from discovery.sweep import sweep as sweeping
from wire.sweep import SERVICES

SHOWN = ("address", "state", "class", "type", "vendor", "model", "serial", "os", "version", "name", "error")
MAX_CAUSES = 8
COMMUNITY = "of SNMPv2c or v1, up to three are tried; it goes to these ranges alone"

OTHER_PORTS = "of ssh, redfish or nut where it is not the usual one, as in ssh=2222"


def sweep(  # noqa: PLR0913  each is an option of the command
    ranges: Annotated[list[str], typer.Argument(help="CIDR, first-last or single addresses; IPv6: single ones")],
    community: Annotated[list[str] | None, typer.Option(envvar="MUSTER_SNMP_COMMUNITY", help=COMMUNITY)] = None,
    credentials: Annotated[Path | None, typer.Option(help="a file of credentials, each with its scope")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="addresses or ranges to leave out")] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="of SNMP")] = 161,
    service_port: Annotated[list[str] | None, typer.Option(help=OTHER_PORTS)] = None,
    rate: Annotated[float | None, typer.Option(min=1, help="datagrams and connections a second")] = None,
    timeout: Annotated[float, typer.Option(min=0.05, max=60, help="seconds until a first answer is given up")] = 1.5,
    until: Annotated[Until, typer.Option(help="the last stage")] = "identify",
    definitions: Annotated[Path | None, typer.Option(help="a folder of definitions of your own")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line for what answers")] = False,
) -> None:  # fmt: skip
    """Sweep ranges of addresses; nothing is sent to any other. A community or password reaches its scope only."""
    try:
        planned = plan(ranges, exclude or [])
        known = Library(definitions).current()
        asked = _ports(service_port or [])
        # Nobody compares what two sweeps of a command line find: a key of its own will do.
        access = Access(_credentials(community or [], ranges, credentials), DOORS, secrets_key=token_bytes(32))
    except (BadDefinition, ValueError) as error:
        print(f"muster-discover: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    limits = replace(Limits(timeout=timeout), rate=rate)
    begun = sweeping(planned, access, known, limits, profile_of(until, port, asked))
    asyncio.run(_print_json(begun) if as_json else _print_table(begun))


def _ports(said: list[str]) -> dict[str, int]:
    """Return ports by service. Raises ValueError."""
    found = {}
    for each in said:
        service, _, port = each.partition("=")
        if service not in SERVICES or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError(f"--service-port is one of {', '.join(SERVICES)} with its port, as in ssh=2222")
        found[service] = int(port)
    return found


def _credentials(names: list[str], ranges: list[str], file: Path | None) -> list[Credential]:
    """Return what may be tried. Raises ValueError."""
    found = communities(names, ranges)
    if file is None:
        return found
    read = load(file)
    if exposed(file):
        print(f"muster-discover: others than its owner can read {file}", file=sys.stderr)
    return [*found, *read]


async def _print_json(begun: Sweep) -> None:
    async for outcome in begun:
        if outcome.row.alive:
            print(json.dumps(outcome.target(), ensure_ascii=False), flush=True)


async def _print_table(begun: Sweep) -> None:
    table = Table(*SHOWN, box=None, header_style="bold")
    console = Console()
    bars = Bars(
        TextColumn("sweeping"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[alive]} alive"),
        TimeElapsedColumn(), console=console, transient=True,
    )  # fmt: skip
    with bars:
        bar = bars.add_task("", total=begun.progress.planned, alive=0)
        async for outcome in begun:
            bars.update(bar, completed=begun.progress.swept, alive=begun.progress.alive)
            if outcome.row.alive:
                table.add_row(*_cells(outcome))
    console.print(table)
    console.print(_summary(begun))


def _cells(outcome: Outcome) -> list[str]:
    target = outcome.target()
    return [escape(str(target[key] or "-")) for key in SHOWN]


def _summary(begun: Sweep) -> str:
    """Return the ledger in a few lines: how many, and why not more, with what to do about it."""
    total, so_far = begun.ledger.total, begun.progress
    lines = [
        f"{total.swept:,} addresses swept, {total.alive:,} alive, {total.admitted:,} took a credential, "
        f"{so_far.identified:,} identified"
    ]
    for cause, count in total.causes.most_common(MAX_CAUSES):
        if cause != "no_answer":
            lines.append(f"{count:,} {cause}: {REMEDIES[cause]}")
    return "\n".join(lines)
