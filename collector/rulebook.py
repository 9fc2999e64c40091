"""Rule packs as files → rules ready to run, with their cases. The format is told in rules/README.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from collector.compiled import BadRule, CompiledRule, compile_rule
from collector.language.operators import duration, timestamp
from collector.model import Rule, Value
from collector.yamlfile import BadFile, Entry, read

DEFAULT_MATCH = '!(ci.state in ["proposed", "retired", "archived"]) && ci.environment == "production"'
DEFAULT_MAX_AGE = "1h"
LANGUAGES = frozenset({"zh", "en"})
OUTCOMES = ("fires", "silent", "unknown", "not_applicable")
IDENTIFIER = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+", re.ASCII)
MAX_PACKS = 500

PACK_KEYS = frozenset({"pack", "title", "rules"})
RULE_KEYS = frozenset({"id", "kinds", "title", "expr", "summary", "runbook", "cases"})
OPTIONAL_KEYS = frozenset({"match", "each", "where", "recover", "for", "max_age", "severity", "incident"})
CASE_KEYS = frozenset({"ci", "status", "age", "now", "was", "severity", "held"})
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "bool": bool, "int": int, "double": (int, float), "string": str, "duration": str, "list": list,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule must say of one CI. `ages_ms` and `statuses` are for sections that are not fresh and well.

    `held_ms`: how long the facts have stood; None: as long as the rule's own timer wants.
    """

    name: str
    expect: str
    ci: Mapping[str, Value]
    now: int
    was: str = "ok"
    severity: str | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    ages_ms: Mapping[str, int] = field(default_factory=dict)
    held_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules by id, in the order of the packs, and the cases that prove each of them."""

    rules: Mapping[str, CompiledRule]
    cases: Mapping[str, tuple[Case, ...]]


def shipped() -> Path:
    """Return the folder of the packs that come with the program: beside it, or inside the wheel."""
    here = Path(__file__).resolve().parent
    inside = here / "data" / "rules" / "packs"
    return inside if inside.is_dir() else here.parent / "rules" / "packs"


def load(folder: Path) -> Rulebook:
    """Return the rules of every `*.yaml` in `folder`; raise `BadFile` with file and line."""
    files = sorted(folder.glob("*.yaml"))
    if not files or len(files) > MAX_PACKS:
        raise BadFile(f"{folder}: {len(files)} rule packs, 1 to {MAX_PACKS} expected")
    rules: dict[str, CompiledRule] = {}
    cases: dict[str, tuple[Case, ...]] = {}
    for file in files:
        pack = read(file)
        pack.only(PACK_KEYS, frozenset({"params"}))
        _texts(pack, "title")
        params = _params(pack.entry("params"))
        for entry in pack.entries("rules"):
            rule = _rule(entry, pack.text("pack"), params)
            if rule.id in rules:
                raise entry.bad(f"the rule {rule.id} stands twice", "id")
            rules[rule.id] = rule
            cases[rule.id] = tuple(_case(each) for each in entry.entries("cases"))
    return Rulebook(rules, cases)


def _rule(entry: Entry, pack: str, params: Mapping[str, Value]) -> CompiledRule:
    entry.only(RULE_KEYS, OPTIONAL_KEYS)
    if not IDENTIFIER.fullmatch(entry.text("id")) or len(entry.text("id")) > 64:
        raise entry.bad("id: words of A-Z and 0-9 joined by '-' expected, as in SRV-DISK-001", "id")
    severity = entry.entry("severity")
    severity.only(frozenset(), frozenset({"default", "when"}))
    incident = entry.entry("incident")
    incident.only(frozenset(), frozenset({"category"}))
    rule = Rule(
        id=entry.text("id"),
        kinds=_kinds(entry),
        expr=entry.text("expr"),
        title=_texts(entry, "title"),
        summary=_texts(entry, "summary"),
        severity=severity.text("default", "warning"),
        match=entry.text("match", DEFAULT_MATCH),
        each=_each(entry) if "each" in entry else None,
        where=entry.text("where") if "where" in entry else None,
        hold_ms=_span(entry, "for", "0s"),
        max_age_ms=_span(entry, "max_age", DEFAULT_MAX_AGE),
        params=params,
        category=incident.text("category", pack),
        runbook=_texts(entry, "runbook"),
        pack=pack,
    )
    recover = entry.text("recover") if "recover" in entry else None
    try:
        return compile_rule(rule, recover, [_level(each) for each in severity.entries("when")])
    except BadRule as error:
        raise entry.bad(f"{rule.id}: {error}", str(error).partition(":")[0]) from error


def _kinds(entry: Entry) -> frozenset[str]:
    kinds = entry.items_of("kinds")
    if not kinds or not all(isinstance(kind, str) for kind in kinds):
        raise entry.bad("kinds: classes or types of CIs expected", "kinds")
    return frozenset(kinds)


def _each(entry: Entry) -> tuple[str, str, str]:
    each = entry.entry("each")
    each.only(frozenset({"var", "in", "key"}))
    return each.text("var"), each.text("in"), each.text("key")


def _level(entry: Entry) -> tuple[str, str]:
    entry.only(frozenset({"if", "level"}))
    return entry.text("if"), entry.text("level")


def _texts(entry: Entry, key: str) -> Mapping[str, str]:
    texts = entry.entry(key)
    texts.only(LANGUAGES)
    return {language: texts.text(language) for language in sorted(LANGUAGES)}


def _span(entry: Entry, key: str, default: str) -> int:
    span = duration(entry.text(key, default))
    if not isinstance(span, timedelta) or span < timedelta():
        raise entry.bad(f"{key}: a duration such as 10m or 26h expected", key)
    return span // timedelta(milliseconds=1)


def _params(params: Entry) -> Mapping[str, Value]:
    values = {}
    for name in params:
        entry = params.entry(name)
        entry.only(frozenset({"type", "default"}))
        wanted, value = TYPES.get(entry.text("type")), entry["default"]
        if wanted is None or not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
            raise entry.bad(f"{name}: no {entry['type']}: {value!r}", "default")
        if entry["type"] == "duration":
            _span(entry, "default", "")
        values[name] = value
    return values


def _case(entry: Entry) -> Case:
    expected = [key for key in OUTCOMES if key in entry]
    if len(expected) != 1:
        raise entry.bad(f"a case says one of {', '.join(OUTCOMES)}")
    entry.only(frozenset(expected), CASE_KEYS)
    return Case(
        name=entry.text(expected[0]),
        expect=expected[0],
        ci=_plain(entry.entry("ci")),
        now=_time(entry),
        was=entry.text("was", "ok"),
        severity=entry.text("severity") if "severity" in entry else None,
        statuses={name: entry.entry("status").text(name) for name in entry.entry("status")},
        ages_ms={name: _span(entry.entry("age"), name, "") for name in entry.entry("age")},
        held_ms=_span(entry, "held", "") if "held" in entry else None,
    )


def _time(entry: Entry) -> int:
    moment = timestamp(entry.text("now", "2026-01-15T08:00:00Z"))
    if not isinstance(moment, datetime):
        raise entry.bad("now: an RFC 3339 time expected", "now")
    return int(moment.timestamp() * 1000)


def _plain(value: Any) -> Any:
    if isinstance(value, Entry):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
