"""`muster up` and `muster collector run`: the only commands that are a collector instead of talking to one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from collector import garbage
from collector.starting import CannotStart

if TYPE_CHECKING:
    from collector.config import Settings

# What a collector is made of is imported where it is run: the other commands answer without it.

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the database, the CA and the local secrets.")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Http = Annotated[int | None, typer.Option("--http", min=0, max=65535, help="Port of page, REST and metrics.")]
Grpc = Annotated[int | None, typer.Option("--grpc", min=0, max=65535, help="Port of the agents' data listener.")]
Enroll = Annotated[int | None, typer.Option("--enroll", min=0, max=65535, help="Port of the enrolment listener.")]
Demo = Annotated[
    int, typer.Option("--demo", min=0, max=5000, metavar="N", help="Simulate N devices, sweep them, let things happen.")
]


def up(
    data: Data = None, host: Host = None, http: Http = None, grpc: Grpc = None, enroll: Enroll = None, demo: Demo = 0
) -> None:
    """Run collector and local agent in the foreground until Ctrl-C."""
    garbage.wait()
    from collector import up as upping

    settings = _settings(data, host, http, grpc, enroll)
    _log_into(settings.data)
    asyncio.run(_until_signal(upping.up(settings, demo)))


def collector(
    data: Data = None, host: Host = None, http: Http = None, grpc: Grpc = None, enroll: Enroll = None
) -> None:
    """Run the collector alone in the foreground until Ctrl-C."""
    garbage.wait()
    from collector import logs

    settings = _settings(data, host, http, grpc, enroll)
    logs.configure(None)
    asyncio.run(_until_signal(_collect(settings)))


async def _collect(settings: Settings) -> None:
    from collector import app
    from collector import up as upping

    async with app.running(settings) as running:
        await upping.leave_local_access(running)
        print(
            f"ready http={running.http_port} grpc={running.listeners.data_port} enroll={running.listeners.enrol_port}",
            flush=True,
        )
        await asyncio.Event().wait()


async def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it ends or a signal asks to stop; closing is the same either way."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
    except BaseExceptionGroup as group:
        raise _only(group) from group


def _only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    return _only(group.exceptions[0]) if isinstance(group.exceptions[0], BaseExceptionGroup) else group.exceptions[0]


def _log_into(data: Path) -> None:
    from collector import logs

    try:
        logs.configure(data)
    except OSError as error:
        raise CannotStart(f"{error.filename or data}: {error.strerror or error}") from error


def _settings(data: Path | None, host: str | None, http: int | None, grpc: int | None, enroll: int | None) -> Settings:
    from collector.config import Settings

    given: dict[str, Any] = {"data": data, "host": host, "http_port": http, "grpc_port": grpc, "enroll_port": enroll}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise CannotStart(f"setting {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
