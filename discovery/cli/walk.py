"""`muster-discover walk`: an snmpbulkwalk; or a sample of a device, to write a definition from."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from discovery.snmp import Session

TAKEN = "take a sample instead: some hundred answers, names, addresses and secrets taken out; - for standard output"
LOOK_IT_OVER = "look it over before you pass it on: a name that only a table of the maker knows stays in it"


def walk(  # noqa: PLR0913  each is an option of the command
    address: str,
    oid: Annotated[str, typer.Argument(help="where to begin; left out: 1.3.6.1")] = "1.3.6.1",
    community: Annotated[str, typer.Option(envvar="MUSTER_SNMP_COMMUNITY", help="to ask with")] = "public",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 161,
    version: Annotated[int, typer.Option(min=1, max=2, help="of SNMP: 1, or 2 for v2c")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line: oid, type, value")] = False,
    sample: Annotated[Path | None, typer.Option(metavar="FILE", help=TAKEN)] = None,
) -> None:
    """Print what is below OID at ADDRESS, one variable a line, as `snmpbulkwalk -On` does."""
    from discovery.failures import Failed

    asked_as: tuple[str, Literal[1, 2]] = (community, 1 if version == 1 else 2)
    try:
        if sample is None:
            asyncio.run(_walk((address, port), oid, asked_as, as_json))
        else:
            _keep(asyncio.run(_sample((address, port), asked_as)), sample)
    except Failed as failed:
        print(f"muster-discover: {failed}: {failed.remedy}", file=sys.stderr)
        raise typer.Exit(1) from failed
    except (ValueError, OSError) as error:
        print(f"muster-discover: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


async def _walk(where: tuple[str, int], oid: str, asked_as: tuple[str, Literal[1, 2]], as_json: bool) -> None:
    from discovery.snmp.printing import json_line, line

    show = json_line if as_json else line
    session = _session(where, asked_as)
    try:
        async for page in session.pages(oid):
            for binding in page:
                print(show(binding))
    finally:
        session.engine.close()


async def _sample(where: tuple[str, int], asked_as: tuple[str, Literal[1, 2]]) -> str:
    """Return the lines of a sample. Raises Failed when the device does not answer."""
    from discovery.device import SCALARS, Device
    from discovery.sample import sample

    session, device = _session(where, asked_as), Device()
    try:
        await session.run(device.ask(SCALARS))
        return await session.run(sample(device, hidden=asked_as[:1]))
    finally:
        session.engine.close()


def _session(where: tuple[str, int], asked_as: tuple[str, Literal[1, 2]]) -> Session:
    from discovery.snmp import Budget, Community, Engine, Session

    return Session(Engine(), where, Community(*asked_as), Budget(seconds=3600, octets=1 << 32))


def _keep(lines: str, file: Path) -> None:
    if str(file) == "-":
        print(lines, end="")
    else:
        file.touch(0o600)  # what is in it is still somebody's network
        file.write_text(lines, encoding="utf-8")
    print(f"muster-discover: {lines.count(chr(10))} answers; {LOOK_IT_OVER}", file=sys.stderr)
