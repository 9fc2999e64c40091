"""`muster rules`: whether packs can be used, whether their tests hold, and how rules do on a running collector."""

from __future__ import annotations

import json as jsonlib
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from collector import rulebook, ruleschema
from collector.cli import show
from collector.cli.backtest import NOTHING
from collector.cli.client import AsJson, Client, Data, default_data
from collector.desk import table
from collector.mutation import gate
from collector.ruletests import suite
from collector.ruletests.suite import Suite
from collector.workcalendar import Calendar
from collector.yamlfile import BadFile

app = typer.Typer(no_args_is_help=True, help="Inspection rules.")

DATA = default_data()
Folder = Annotated[Path | None, typer.Argument(help="A folder of packs; left out: those shipped.")]
Rule = Annotated[str, typer.Argument(help="Id of a rule: SRV-DISK-001.")]
MUTANTS_AT_LEAST: Final = 0.95
"""How many of the mutants of all rules together their tests must notice."""
_LIMITS: Final = ("limit", "value", "of_this_ci")
_READS: Final = ("section", "status", "confirmed_at", "is_stale")
_INSTANCES: Final = (
    "instance",
    "state",
    "outcome",
    "since",
    "evidence",
    "why_not_yet",
    "until",
    "suppressed",
    "held_by",
)
_MOVES: Final = ("at", "state", "outcome", "severity", "suppressed", "evidence")
_SPAN: Final = re.compile(r"(\d{1,5})([hd])")
_UNITS: Final = {"h": "hours", "d": "days"}


@app.command("schema")
def schema() -> None:
    """Print the format of a pack as JSON Schema, for an editor to check it while it is written."""
    print(jsonlib.dumps(ruleschema.schema(), indent=2))


@app.command("check")
def check(folder: Folder = None, json: AsJson = False) -> None:
    """Read packs, check the types of every expression, and print how many rules there are; exit 1 for a mistake."""
    began = time.perf_counter()
    try:
        packs = folder or rulebook.shipped()
        book = rulebook.load(packs, _sorts_known(packs.parent / "desk.yaml"))
    except BadFile as error:
        _mistaken({"error": str(error)}, json)
        return
    told = {
        "rules": len(book.rules), "packs": len({rule.rule.pack for rule in book.rules.values()}),
        "cases": sum(map(len, book.cases.values())), "seconds": round(time.perf_counter() - began, 3),
    }  # fmt: skip
    _told(told, "{rules} rules in {packs} packs with {cases} cases, read in {seconds} s", json)


def _sorts_known(desk: Path) -> rulebook.Knows | None:
    """Return whether the desk beside some packs has a category for a sort of alarms; None where there is no desk."""
    return table.load(desk, Calendar()).knows if desk.is_file() else None


@app.command("test")
def prove(
    folder: Folder = None,
    mutants: Annotated[bool, typer.Option("--mutants", help="Change each rule a little and see who notices.")] = False,
    json: AsJson = False,
) -> None:
    """Run all cases and timelines; exit 1 when one does not hold, or when too few mutants are noticed."""
    try:
        tests = suite.read(folder)
    except BadFile as error:
        _mistaken({"error": str(error)}, json)
        return
    failures = [str(each) for each in tests.failures()]
    told: dict[str, Any] = {"rules": len(tests.book.rules), "tests": tests.size, "failures": failures}
    text = "{tests} tests of {rules} rules"
    if mutants and not failures:
        told |= _mutated(tests)
        text += "; {killed} of {mutants} mutants noticed"
    if failures or told.get("rate", 1.0) < MUTANTS_AT_LEAST:
        _mistaken(told, json)
        return
    _told(told, text, json)


def _mutated(tests: Suite) -> dict[str, Any]:
    tally = gate.tried(gate.bred(tests.book.rules.values()), tests.tests())
    return {
        "mutants": tally.counted, "killed": tally.killed, "rate": round(tally.rate, 4),
        "survived": [str(each) for each in tally.survived], "left_out": dict(tally.excluded),
    }  # fmt: skip


def _told(told: dict[str, Any], text: str, json: bool) -> None:
    if json:
        show.as_json(told)
    else:
        show.text(text.format(**told))


def _mistaken(told: dict[str, Any], json: bool) -> None:
    """Tell what is wrong, a line each, and end with 1."""
    if json:
        show.as_json(told)
    else:
        for key in ("error", "failures", "survived"):
            lines = told.get(key, [])
            for line in [lines] if isinstance(lines, str) else lines:
                print(show.plain(f"survived: {line}" if key == "survived" else line), file=sys.stderr)
        if "rate" in told:
            print(f"{told['rate']:.1%} of {told['mutants']} mutants noticed", file=sys.stderr)
    raise typer.Exit(1)


# --- of a running collector


@app.command("backtest")
def backtest(
    rule: Annotated[str, typer.Argument(help="Id of a rule that runs, or a file of rules that do not yet.")],
    since: Annotated[str, typer.Option("--since", help="How long back: 30d, 12h; or an RFC 3339 time.")] = "30d",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Show which incidents a rule would have opened, by the facts that are kept; nothing is written."""
    file = Path(rule)
    is_file = file.is_file()
    named = {"since": _since(since)} | ({} if is_file else {"rule": rule})
    tested = Client(data).send("rules/backtests", file if is_file else NOTHING, **named)
    if json:
        show.as_json(tested)
        return
    for each in tested:
        _print_backtest(each)


def _since(text: str) -> str:
    if found := _SPAN.fullmatch(text):
        return (datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: int(found[1])})).isoformat(timespec="seconds")
    return text


def _print_backtest(each: dict[str, Any]) -> None:
    show.text(
        f"{each['rule']} would have opened {each['opened']} incidents since {each['from']}; it applied to"
        f" {each['applies']} of {each['cis']} CIs and fires on {each['firing']} at the end"
    )
    if each["unknown"]:
        show.text(f"of {each['unknown']} CIs it never knew")
    if each["unread"]:
        show.text(f"no history is kept of {', '.join(each['unread'])}")
    if each["top"]:
        show.table([{**row["ci"], "opened": row["opened"]} for row in each["top"]], ("uid", "name", "class", "opened"))


@app.command("dead")
def dead(
    all_: Annotated[bool, typer.Option("--all", help="Rules all is well with, too.")] = False,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List rules that can be answered nowhere, or not on some CIs, that never fired, and that are wrong."""
    rows = [row for row in Client(data).get("rules/health") if all_ or not _is_well(row)]
    if json:
        show.as_json(rows)
        return
    columns = ("rule", "dead", "cis", "nobody_reads", "fired", "errors", "evaluations", "seconds")
    show.table([row | {"nobody_reads": _blind(row)} for row in rows], columns)


def _is_well(row: dict[str, Any]) -> bool:
    return bool(row["fired"] and row["cis"] and not row["blind"] and not row["errors"])


def _blind(row: dict[str, Any]) -> str:
    return ", ".join(f"{section} on {number}" for section, number in row["blind"].items())


@app.command("explain")
def explain(
    rule: Rule,
    ci: Annotated[str, typer.Argument(help="Id of a CI.")],
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Show why a rule says what it says of a CI: its facts and limits, its timers, what holds it back, how it moved."""
    told = Client(data).get(f"rules/{quote(rule, safe='')}/explanations/{quote(ci, safe='')}")
    if json:
        show.as_json(told)
        return
    show.text(f"{told['rule']} on {told['name']}: {told['expr']}")
    limits = [
        {"limit": name, "value": value, "of_this_ci": "yes" if name in told["overridden"] else ""}
        for name, value in told["limits"].items() if name in told["expr"] + told["recover"]
    ]  # fmt: skip
    for rows, columns in ((limits, _LIMITS), (told["reads"], _READS), (told["instances"], _INSTANCES)):
        if rows:
            show.table(rows, columns)
    for each in told["instances"]:
        if each["moves"]:
            show.text(each["instance"] or told["rule"])
            show.table(each["moves"], _MOVES)
