"""`muster-discover lab`: a simulated estate that answers on loopback addresses."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from discovery.lab import Device, Doors


DEVICES = "how many (default: one a recording, else 200)"
LET_IN = "who is let in: a file as a sweep takes it; without one any community reads"


def lab(  # noqa: PLR0913  each is an option of the command
    recordings: Annotated[Path | None, typer.Option(help="a folder of them; without one an estate is made")] = None,
    devices: Annotated[int | None, typer.Option(min=1, max=60_000, help=DEVICES)] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="of SNMP; 0 for any that is free")] = 161,
    first: Annotated[str, typer.Option(help="the first address, in 127.0.0.0/8")] = "127.64.0.1",
    seed: Annotated[int, typer.Option(help="the same seed makes the same estate")] = 0,
    credentials: Annotated[Path | None, typer.Option(help=LET_IN)] = None,
    ssh_port: Annotated[int, typer.Option(min=0, max=65_535, help="of SSH, for an ssh_password of that file")] = 2222,
    lazy: Annotated[bool, typer.Option(help="load a device when it is first asked: first answers are late")] = False,
    control: Annotated[Path | None, typer.Option(help="a socket for commands, see --do")] = None,
    do: Annotated[str | None, typer.Option(help="send this command, JSON, to the lab at --control, and end")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a device, then one that says where")] = False,
) -> None:  # fmt: skip
    """Serve devices over SNMP (v1, v2c, v3) and SSH, one a loopback address, until it is interrupted.

    Commands for a running lab: {"do": "reboot", "address": "127.64.0.3", "seconds": 5}; also delay and prompt
    (seconds), loss (ratio), renumber (seed), serial (new, old), edit (oid, value, type), configure (old, new),
    save, happen (what: upgrade, mains), status; the address "*" is all of them.
    """
    try:
        if do is not None:
            _tell(control, do)
        else:
            made = _estate(devices, seed, first) if recordings is None else _recorded(recordings, devices, first)
            for device in made if not lazy else ():
                _ = device.tree
            asyncio.run(_serve(made, _doors(credentials, port, ssh_port, control), as_json))
    except (ValueError, OSError) as error:
        hint = "; ports below 1024 are root's, see --port" if isinstance(error, PermissionError) else ""
        print(f"muster-discover: {error}{hint}", file=sys.stderr)
        raise typer.Exit(2) from error


def _tell(control: Path | None, request: str) -> None:
    from discovery.lab.control import tell

    if control is None:
        raise ValueError("--do needs --control: the socket of the lab")
    told = tell(control, request)
    print(json.dumps(told))
    raise typer.Exit(0 if told["ok"] else 1)


def _estate(devices: int | None, seed: int, first: str) -> list[Device]:
    from discovery.lab.estate import estate
    from discovery.lab.running import simulated

    return simulated(estate(devices or 200, seed), first)


def _recorded(folder: Path, devices: int | None, first: str) -> list[Device]:
    from discovery.lab.recorded import recordings_in
    from discovery.lab.running import recorded

    files = recordings_in(folder)
    return recorded(files, devices or len(files), first)


def _doors(credentials: Path | None, port: int, ssh_port: int, control: Path | None) -> Doors:
    from discovery.lab.access import doors_of
    from discovery.lab.running import Doors

    if credentials is None:
        return Doors(port, ssh_port=ssh_port, control=control)
    return doors_of(credentials, Doors(port, ssh_port=ssh_port, control=control))


async def _serve(devices: list[Device], doors: Doors, as_json: bool) -> None:
    from discovery.lab import Lab

    ended = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, ended.set)
    async with Lab(devices, doors) as running:
        if as_json:
            for device in devices:
                print(json.dumps({"address": device.address, "source": device.source}))
            where = {"devices": len(devices), "port": running.port, "ssh_port": running.ssh_port or None}
            print(json.dumps(where), flush=True)
        else:
            ssh = f", SSH on port {running.ssh_port}" if running.ssh_port else ""
            print(f"{len(devices):,} devices at {devices[0].address} to {devices[-1].address}, "
                  f"SNMP on port {running.port}{ssh}", flush=True)  # fmt: skip
        await ended.wait()
