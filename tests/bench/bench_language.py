"""The rule language: 1,000,000 times a shipped rule over a CI, on one core, against two CELs.

One time is every condition of the rule (`match`, `where`, `expr`), of a rule over rows with one row. In the same run
Google's `cel-expr-python` (C++) and `cel-python` (its compiled runner) do a share of the same, only rules they can say.
What is promised is the ratio to the faster of the two when a rule is handed the facts of a CI, as it is when one of
them moved. Beside it stands the best case of theirs: facts handed over once a CI for all of its rules. Time is the
processor's, for the machine may have other work. Before the clock starts ours and Google's must agree on true, false
or neither; cel-python takes a missing field in `has()` for an error and is not asked to agree.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import celpy
from cel_expr_python import cel

from collector.compiled import CompiledRule
from collector.facttypes import CI, of_params, row_of
from collector.language import Expression, Fault, Unknown, compile_expression
from collector.language.types import BOOL
from collector.rulebook import Rulebook, load, shipped
from tests.bench import Figure
from wire.sections import SECTIONS

TIMES, TIMES_OF_GOOGLES, TIMES_OF_PYTHONS = 1_000_000, 10_000, 1_000
CIS, VALUES = 200, 110
OWN = {"id": 1, "uid": "ci-1", "class": "server", "type": "pc_server", "state": "active", "environment": "production",
       "name": "srv1", "asset_number": "A-1", "department": "", "label": "", "owner": "ann", "place": "", "purpose": "",
       "agent": {"version": "0.5.0"}, "reach": {"state": "up", "icmp": True, "agent": True}}  # fmt: skip
DYN = cel.Type.DYN
DOCUMENT = cel.Type.Map(cel.Type.STRING, DYN)
GOOGLE = cel.NewEnv(
    variables={
        "ci": DOCUMENT,
        "param": DOCUMENT,
        "now": cel.Type.TIMESTAMP,
        **{f"{name}_row": DYN for name in SECTIONS},
    }
)


@dataclass(frozen=True)
class Condition:
    """One condition of a rule. The variable of its rows is named after their section, so that all rules share names."""

    source: str
    ours: Expression
    google: Any
    python: Any


@dataclass(frozen=True)
class Asked:
    """A rule all three can say: its conditions, the sections they read, and the name of its row ("" without)."""

    conditions: tuple[Condition, ...]
    sections: frozenset[str]
    row: str


@dataclass(frozen=True)
class Host:
    """One CI: what the names stand for, and the rules that are asked of it."""

    scope: Mapping[str, Any]
    rules: list[Asked]


def run() -> list[Figure]:
    logging.getLogger("celpy").setLevel(logging.CRITICAL)
    book = load(shipped())
    hosts = _hosts(book, [asked for rule in book.rules.values() if (asked := _asked(rule, _params(book)))])
    _agree(hosts)
    ours = _timed(hosts, TIMES, _with_ours)
    google, at_once = (
        _timed(hosts, TIMES_OF_GOOGLES, _with_google),
        _timed(hosts, TIMES_OF_GOOGLES, _with_google_at_once),
    )
    python = _timed(hosts, TIMES_OF_PYTHONS, _with_python)
    return [
        Figure("a rule × a CI", 1 / ours, "a second", note=_note(book, hosts)),
        Figure("1,000,000 of them", ours * TIMES, "s", note="every one was made"),
        Figure(
            "cel-expr-python", google * 1e6, "µs each", note=f"{TIMES_OF_GOOGLES} of the same; ours {ours * 1e6:.2f}"
        ),
        Figure("cel-python", python * 1e6, "µs each", note=f"{TIMES_OF_PYTHONS} of the same, facts once a CI"),
        Figure("ratio to the faster", min(google, python) / ours, "times as fast", at_least=10),
        Figure("ratio, facts once a CI", at_once / ours, "times as fast", note="cel-expr-python's best case"),
    ]


def _note(book: Rulebook, hosts: list[Host]) -> str:
    values = sum(_size(host.scope["ci"]) for host in hosts) / len(hosts)
    rules = {id(rule): rule for host in hosts for rule in host.rules}
    conditions = sum(len(rule.conditions) for rule in rules.values()) / len(rules)
    return (
        f"{len(rules)} of {len(book.rules)} shipped rules (the rest only ours can say) of {conditions:.1f} conditions, "
        f"{len(hosts)} CIs of {values:.0f} values, {sum(len(host.rules) for host in hosts) / len(hosts):.0f} rules each"
    )


# --- rules


def _params(book: Rulebook) -> dict[str, Any]:
    """Return the constants of all packs, records as plain ones: Google's knows no other."""
    every = {name: value for rule in book.rules.values() for name, value in rule.params.items()}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in every.items()}


def _asked(rule: CompiledRule, params: Mapping[str, Any]) -> Asked | None:
    """Return `rule` as all three can say it, or None."""
    section = rule.each.section if rule.each else ""
    row = f"{section}_row" if section else ""
    conditions = [_condition(source, row, section, params) for source in _sources(rule, row)]
    known = tuple(each for each in conditions if each)
    return (
        Asked(known, rule.sections | ({section} if section else set()), row) if len(known) == len(conditions) else None
    )


def _sources(rule: CompiledRule, row: str) -> Iterator[str]:
    for expression in (rule.match, rule.where, rule.expr):
        if expression is not None:
            variable = rule.each.variable if rule.each else "ci"
            yield re.sub(rf"(?<![\w.]){variable}(?=[.,)])", row or variable, expression.source)


def _condition(source: str, row: str, section: str, params: Mapping[str, Any]) -> Condition | None:
    types = {"ci": CI, "param": of_params(params), **({row: row_of(section)} if row else {})}
    ours = compile_expression(source, {row: ("ci", section, "[]")} if row else {}, types, BOOL)
    if ("ci", "agent", "last_seen") in ours.reads:  # cel-expr-python takes no time inside a record
        return None
    try:
        return Condition(source, ours, GOOGLE.compile(source), PYTHON.program(PYTHON.compile(source)))
    except (RuntimeError, celpy.CELParseError, celpy.CELEvalError):
        return None


PYTHON = celpy.Environment(runner_class=celpy.CompiledRunner)

# --- CIs


def _hosts(book: Rulebook, rules: list[Asked]) -> list[Host]:
    """Return CIs whose sections are those of the rules' own cases, as many of them as make `VALUES` values."""
    bodies: dict[str, list[Any]] = {}
    for case in itertools.chain.from_iterable(book.cases.values()):
        for name, body in case.ci.items():
            if name in SECTIONS and body:
                bodies.setdefault(name, []).append(_as_typed(name, body))
    random = Random(7)
    return [_host(random, bodies, _params(book), rules) for _ in range(CIS)]


def _host(random: Random, bodies: Mapping[str, list[Any]], params: Mapping[str, Any], rules: list[Asked]) -> Host:
    ci: dict[str, Any] = dict(OWN)
    for name in random.sample(sorted(bodies), len(bodies)):
        if _size(ci) < VALUES:
            ci[name] = _filled(random, name, bodies[name])
    rows = {f"{name}_row": body[0] for name, body in ci.items() if name in SECTIONS and isinstance(body, list)}
    scope = {"ci": ci, "param": params, "now": datetime(2026, 1, 15, 8, tzinfo=UTC), **rows}
    return Host(scope, [rule for rule in rules if rule.sections <= ci.keys()])


def _filled(random: Random, name: str, bodies: list[Any]) -> Any:
    """Return what a CI says of a section: of rows up to five, with most of the fields that any case has.

    A case tells only what its rule asks for; a CI tells all of it.
    """
    if SECTIONS[name].is_record:
        return _told(random, bodies)
    rows = [row for body in bodies for row in body]
    return [_told(random, rows) for _ in range(random.randrange(1, 6))]


def _told(random: Random, rows: list[Any]) -> dict[str, Any]:
    merged = {key: value for row in random.sample(rows, len(rows)) for key, value in row.items()}
    return {key: value for key, value in merged.items() if random.random() < 0.95}


def _as_typed(name: str, body: Any) -> Any:
    """Return `body` with real numbers where the catalogue has them: the others know a number only by its look."""
    if isinstance(body, list):
        return [_as_typed(name, row) for row in body]
    kinds = {each.name: each.kind for each in SECTIONS[name].fields.values()}
    return {key: float(value) if kinds.get(key) == "real" else value for key, value in body.items()}


def _size(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list) else 1


# --- the three


def _agree(hosts: list[Host]) -> None:
    """Leave out rules in which whole and real numbers meet, which CEL does not have; raise if others differ."""
    mixed = set()
    for host, rule in [(each, rule) for each in hosts for rule in each.rules]:
        activation = GOOGLE.Activation(host.scope)
        for each in rule.conditions:
            ours, said = _verdict(each.ours, host.scope), each.google.eval(activation)
            theirs = said.value() if said.type() == cel.Type.BOOL else None
            if theirs is None and "No matching overloads" in said.value():
                mixed.add(id(rule))
            elif ours is not theirs:
                raise AssertionError(f"{each.source}: ours {ours}, cel-expr-python {said.value()!r}")
    for host in hosts:
        host.rules[:] = [rule for rule in host.rules if id(rule) not in mixed]


def _verdict(expression: Expression, scope: Mapping[str, Any]) -> bool | None:
    try:
        verdict = expression.judge(scope)
    except Fault:
        return None
    return None if isinstance(verdict, Unknown) else verdict


def _timed(hosts: list[Host], times: int, ask: Callable[[Host], None]) -> float:
    """Return the seconds of one rule on one CI; an error is an answer, too."""
    done, started = 0, time.process_time()
    for host in itertools.cycle(hosts):
        ask(host)
        done += len(host.rules)
        if done >= times:
            break
    return (time.process_time() - started) / done


def _with_ours(host: Host) -> None:
    scope = host.scope
    for rule in host.rules:
        for each in rule.conditions:
            try:
                each.ours.judge(scope)
            except Fault:
                continue


def _with_google(host: Host) -> None:
    for rule in host.rules:
        activation = GOOGLE.Activation(host.scope)
        for each in rule.conditions:
            each.google.eval(activation)


def _with_google_at_once(host: Host) -> None:
    activation = GOOGLE.Activation(host.scope)
    for rule in host.rules:
        for each in rule.conditions:
            each.google.eval(activation)


def _with_python(host: Host) -> None:
    taken = celpy.json_to_cel(dict(host.scope))
    for rule in host.rules:
        for each in rule.conditions:
            with contextlib.suppress(celpy.CELEvalError):
                each.python.evaluate(taken)
