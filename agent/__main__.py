"""The command line of the agent: `inventory`, `enroll`, `run`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent import __version__, log
from agent.places import ANYWHERE, SYSLOG_PORT, TRAP_PORT

if TYPE_CHECKING:
    from agent.config import Settings

EXIT_USAGE = 2
EXIT_NOT_ENROLLED = 3
EXIT_WRONG_COLLECTOR = 4
EXIT_REFUSED = 5
EXIT_UNREACHABLE = 6


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    said = _parser().parse_args(argv)
    log.set_up()
    code: int = said.command(said)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="muster-agent", description="This machine's inventory, for Muster.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    inventory = commands.add_parser("inventory", help="print this machine's inventory; needs no collector")
    inventory.add_argument("--json", action="store_true", help="the whole inventory as one JSON object")
    inventory.add_argument("--section", action="append", default=[], metavar="NAME", help="only this one; repeatable")
    inventory.set_defaults(command=_inventory)
    enroll = commands.add_parser("enroll", help="join a collector")
    enroll.add_argument("url", metavar="URL", help="https://HOST:PORT of the enrolment listener")
    token = enroll.add_mutually_exclusive_group(required=True)
    token.add_argument("--token", metavar="T", help="the enrolment token; others on this machine can see it")
    token.add_argument("--token-file", metavar="F", help="a file that holds it, - for standard input")
    enroll.set_defaults(command=_enroll)
    run = commands.add_parser("run", help="run as an enrolled agent")
    run.add_argument("--probe", action="store_true", help="also sweep networks when the collector asks for it")
    run.add_argument("--zone", metavar="Z", help="the part of the network the probe stands in")
    for what, port in (("traps", TRAP_PORT), ("syslog", SYSLOG_PORT)):
        run.add_argument(
            f"--listen-{what}", metavar="ADDR:PORT", nargs="?", const=ANYWHERE,
            help=f"a probe also hears {what} there; without an address everywhere, without a port at {port}",
        )  # fmt: skip
    run.set_defaults(command=_run)
    for each in (enroll, run):
        each.add_argument("--state", metavar="DIR", help="where the agent keeps its state")
    return parser


def _say(text: str) -> None:
    print(f"muster-agent: {text}", file=sys.stderr)


def _inventory(said: argparse.Namespace) -> int:
    from agent.inventory import NoSuchSection, as_json, as_table, collect
    from agent.worker import WorkerFailed

    try:
        sections = collect(said.section)
    except NoSuchSection as error:
        _say(str(error))
        return EXIT_USAGE
    except WorkerFailed as error:
        _say(str(error))
        return 1
    print(as_json(sections) if said.json else as_table(sections))
    return 0


def _enroll(said: argparse.Namespace) -> int:
    from agent import config, enrol
    from agent.keys import BadKey, WrongCollector
    from agent.transport import CallFailed, Remedy
    from wire.codec import Undecodable
    from wire.enrolment import BadToken, parse_token

    try:
        token = parse_token(_token_text(said))
        member = enrol.enrol(config.state_dir(said.state), said.url, token)
    except (BadToken, enrol.BadAddress) as error:
        _say(str(error))
        return EXIT_USAGE
    except WrongCollector as error:
        _say(f"this is not the collector the token is for: {error}. Nothing was sent to it.")
        return EXIT_WRONG_COLLECTOR
    except (enrol.Unreachable, CallFailed) as error:
        is_refusal = isinstance(error, CallFailed) and error.remedy is not Remedy.RETRY
        _say(f"the collector says no: {error}" if is_refusal else f"no answer: {error}")
        return EXIT_REFUSED if is_refusal else EXIT_UNREACHABLE
    except (BadKey, Undecodable, UnicodeDecodeError, OSError) as error:
        _say(str(error))
        return 1
    print(f"enrolled as {member.agent_id}")
    return 0


def _token_text(said: argparse.Namespace) -> str:
    """Return the token from where it was given; raise OSError or UnicodeDecodeError."""
    given: str = said.token_file if said.token is None else said.token
    if given == "-":
        return sys.stdin.readline()
    return given if said.token is not None else Path(given).read_text("utf-8")


def _run(said: argparse.Namespace) -> int:
    from agent import memory

    memory.spare()
    from agent import config, run
    from agent.membership import NotEnrolled
    from agent.spool import SpoolBusy
    from agent.worker import WorkerFailed

    state = config.state_dir(said.state)
    try:
        settings = config.load(state)
        return run.run(state, _settings(settings, said))
    except NotEnrolled as error:
        _say(str(error))
        return EXIT_NOT_ENROLLED
    except config.BadSettings as error:
        _say(str(error))
        return EXIT_USAGE
    except (SpoolBusy, WorkerFailed, OSError) as error:
        _say(str(error))
        return 1


def _settings(settings: Settings, said: argparse.Namespace) -> Settings:
    """Return the settings with what the command line says; raise `BadSettings`."""
    from agent import config

    if said.probe:
        return config.as_probe(settings, said.zone, said.listen_traps, said.listen_syslog)
    if said.listen_traps or said.listen_syslog:
        raise config.BadSettings("--listen-traps and --listen-syslog need --probe")
    return settings


if __name__ == "__main__":
    sys.exit(main())
