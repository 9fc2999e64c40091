"""One rule pack → its rules ready to run: what stands at each key; else what the pack says for all, else the format.

A mistake is a `BadFile` with file and line; a key nobody knows is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from collector.classes import ALL_TYPES, CLASSES
from collector.compiled import BadRule, CompiledRule, compile_rule, compile_selector
from collector.desk.priority import WAYS
from collector.language.times import duration
from collector.model import Rule, Value
from collector.yamlfile import Entry

DEFAULT_MATCH = '!(ci.state in ["proposed", "retired", "archived"]) && ci.environment == "production"'
DEFAULT_MAX_AGE = "1h"
LANGUAGES = frozenset({"zh", "en"})
IDENTIFIER = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+", re.ASCII)
ARTICLE = re.compile(r"KB-[0-9]{6,12}", re.ASCII)
GROUPS = frozenset({"place", "site", "room", "rack", "id", "uid", "name", "class", "type"})
"""What `group_by` may name beside what the rule tells of: where its CI stands, and what it is."""
MAX_SAMPLES = 100
MAX_FLAP_WINDOW = 64
MAX_OVERRIDES = 50

PACK_KEYS = frozenset({"pack", "title", "rules"})
PACK_OPTIONAL_KEYS = frozenset({"params", "defaults"})
RULE_KEYS = frozenset({"id", "kinds", "title", "expr", "summary", "runbook", "cases"})
SHARED_KEYS: Final = frozenset({
    "match", "for", "max_age", "min_samples", "keep_firing_for", "on_unknown", "flap", "depends", "mode", "cadence",
    "waivable",
})  # fmt: skip
"""What a pack may say once for all of its rules, under `defaults`."""
OPTIONAL_KEYS = SHARED_KEYS | {"each", "where", "recover", "severity", "incident", "shadow", "parent_grace"}
INCIDENT_KEYS = frozenset({
    "category", "urgency", "line", "group", "group_by", "create", "kb", "impact_from", "attach", "related",
})  # fmt: skip
MAX_GRACE_MS = 3_600_000
"""However long a parent may take to be asked again: an outage is told within the hour."""
MAX_KEPT = 10
"""Values a rule may keep with its alerts beside those it goes by."""
ON_UNKNOWN: Final = ("keep", "ok", "fire")
MODES: Final = ("monitor", "inspect")
CADENCES: Final = ("daily", "weekly", "monthly")
URGENCIES: Final = ("low", "medium", "high", "critical")
CREATE: Final = ("incident", "digest_daily", "record_only")
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "bool": bool, "int": int, "double": (int, float), "string": str, "duration": str, "list": list, "map": dict,
}  # fmt: skip
Overrides = Mapping[str, tuple[tuple[str, Value], ...]]


@dataclass(frozen=True, slots=True)
class _Pack:
    """What the rules of one pack share."""

    name: str
    defaults: Entry
    params: Mapping[str, Value]
    overrides: Overrides


def rules(file: Entry) -> list[tuple[Entry, CompiledRule]]:
    """Return each rule of a pack, with where it stands; raise `BadFile`."""
    file.only(PACK_KEYS, PACK_OPTIONAL_KEYS)
    _texts(file, "title")
    defaults = file.entry("defaults")
    defaults.only(frozenset(), SHARED_KEYS)
    params, overrides = _params(file.entry("params"))
    pack = _Pack(file.text("pack"), defaults, params, overrides)
    return [(entry, _rule(entry, pack)) for entry in file.entries("rules")]


def _rule(given: Entry, pack: _Pack) -> CompiledRule:
    given.only(RULE_KEYS, OPTIONAL_KEYS)
    if not IDENTIFIER.fullmatch(given.text("id")) or len(given.text("id")) > 64:
        raise given.bad("id: words of A-Z and 0-9 joined by '-' expected, as in SRV-DISK-001", "id")
    entry = _over(pack.defaults, given)
    severity = entry.entry("severity")
    severity.only(frozenset(), frozenset({"default", "when"}))
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
        params=pack.params,
        overrides=pack.overrides,
        runbook=_texts(entry, "runbook"),
        pack=pack.name,
        shadow=_flag(entry, "shadow"),
        **_timing(entry),
        **_standing(entry),
        **_incident(entry.entry("incident"), pack.name),
    )
    recover = entry.text("recover") if "recover" in entry else None
    try:
        compiled = compile_rule(rule, recover, [_level(each) for each in severity.entries("when")])
    except BadRule as error:
        raise given.bad(f"{rule.id}: {error}", str(error).partition(":")[0]) from error
    _check_groups(given, compiled)
    if rule.parent_grace_ms is not None and not (compiled.reads_reach and "parents" in rule.depends):
        raise given.bad(f"{rule.id}: parent_grace: only what reads ci.reach and depends on parents waits for them",
                        "parent_grace")  # fmt: skip
    return compiled


def _check_groups(given: Entry, rule: CompiledRule) -> None:
    for name in rule.rule.group_by:
        if name.removeprefix("ci.") not in GROUPS and name not in rule.evidence:
            why = f"group_by: {name} is no place, nothing of the CI and nothing the rule tells"
            raise given.bad(f"{rule.id}: {why}", "incident")


def _over(defaults: Entry, given: Entry) -> Entry:
    """Return what is `given`, with the pack's word where it says nothing."""
    entry = Entry(given.file, given.line)
    entry.update({**defaults, **given})
    entry.lines = {**defaults.lines, **given.lines}
    return entry


def _timing(entry: Entry) -> dict[str, Any]:
    """Return what the state of its alerts goes by."""
    return {
        "hold_ms": _span(entry, "for", "0s"),
        "max_age_ms": _span(entry, "max_age", DEFAULT_MAX_AGE),
        "min_samples": _whole(entry, "min_samples", 1, range(1, MAX_SAMPLES + 1)),
        "keep_ms": _span(entry, "keep_firing_for", "0s"),
        "on_unknown": _one_of(entry, "on_unknown", ON_UNKNOWN),
        "flap": _flap(entry),
    }


def _standing(entry: Entry) -> dict[str, Any]:
    """Return what it waits for, and where it is looked at."""
    depends = _some_texts(entry, "depends") if "depends" in entry else ("reachability",)
    modes = _some_texts(entry, "mode") if "mode" in entry else MODES
    if not modes or not set(modes) <= {*MODES}:
        raise entry.bad(f"mode: some of {', '.join(MODES)} expected", "mode")
    return {
        "depends": depends,
        "modes": frozenset(modes),
        "cadence": _one_of(entry, "cadence", CADENCES),
        "waivable": _flag(entry, "waivable", True),
        "parent_grace_ms": _grace(entry) if "parent_grace" in entry else None,
    }


def _grace(entry: Entry) -> int:
    span = _span(entry, "parent_grace", "")
    if span > MAX_GRACE_MS:
        raise entry.bad("parent_grace: at most 1h expected", "parent_grace")
    return span


def _incident(entry: Entry, pack: str) -> dict[str, Any]:
    """Return what its incidents are."""
    entry.only(frozenset(), INCIDENT_KEYS)
    return {
        "category": entry.text("category", pack),
        "urgency": _one_of(entry, "urgency", URGENCIES) if "urgency" in entry else "",
        "line": _whole(entry, "line", 0, range(1, 4)) if "line" in entry else 0,
        "group": entry.text("group") if "group" in entry else "",
        "group_by": _some_texts(entry, "group_by") if "group_by" in entry else (),
        "create": _one_of(entry, "create", CREATE),
        "kb": _article(entry) if "kb" in entry else "",
        "impact_from": _ways(entry) if "impact_from" in entry else (),
        "attach": _kept(entry, "attach"),
        "related": _kept(entry, "related"),
    }


def _ways(entry: Entry) -> tuple[str, ...]:
    words = _some_texts(entry, "impact_from")
    if not words or not set(words) <= WAYS.keys():
        raise entry.bad(f"impact_from: some of {', '.join(WAYS)} expected", "impact_from")
    return words


def _kept(entry: Entry, key: str) -> tuple[str, ...]:
    """Return the values that are kept with an alert, as they are spelled."""
    names = _some_texts(entry, key) if key in entry else ()
    if len(names) > MAX_KEPT:
        raise entry.bad(f"{key}: at most {MAX_KEPT} values expected", key)
    return names


def _article(entry: Entry) -> str:
    number = entry.text("kb")
    if not ARTICLE.fullmatch(number):
        raise entry.bad("kb: the number of an article expected, as in KB-000012", "kb")
    return number


def _flap(entry: Entry) -> tuple[int, int, int] | None:
    if entry.get("flap") == "off":
        return None
    flap = entry.entry("flap")
    flap.only(frozenset(), frozenset({"window", "high", "low"}))
    window = _whole(flap, "window", 20, range(3, MAX_FLAP_WINDOW + 1))
    high, low = (_whole(flap, name, number, range(1, 101)) for name, number in (("high", 30), ("low", 25)))
    if low > high:
        raise entry.bad("flap: low is not above high", "flap")
    return window, high, low


def _kinds(entry: Entry) -> frozenset[str]:
    kinds = entry.items_of("kinds")
    if not kinds or not all(kind in CLASSES or kind in ALL_TYPES for kind in kinds):
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


def _whole(entry: Entry, key: str, default: int, allowed: range) -> int:
    value = entry.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or (key in entry and value not in allowed):
        raise entry.bad(f"{key}: a number from {allowed[0]} to {allowed[-1]} expected", key)
    return value


def _flag(entry: Entry, key: str, default: bool = False) -> bool:
    value = entry.get(key, default)
    if not isinstance(value, bool):
        raise entry.bad(f"{key}: true or false expected", key)
    return value


def _one_of(entry: Entry, key: str, words: tuple[str, ...]) -> str:
    """Return the word at `key`, the first of `words` when there is none."""
    word = entry.text(key, words[0])
    if word not in words:
        raise entry.bad(f"{key}: one of {', '.join(words)} expected", key)
    return word


def _some_texts(entry: Entry, key: str) -> tuple[str, ...]:
    """Return the texts listed at `key`, or the one that stands there."""
    found = [entry[key]] if isinstance(entry[key], str) else entry.items_of(key)
    if not all(isinstance(each, str) and each.strip() for each in found):
        raise entry.bad(f"{key}: texts expected", key)
    return tuple(found)


def _params(params: Entry) -> tuple[Mapping[str, Value], Overrides]:
    """Return the constants, and what they are elsewhere."""
    values, overrides = {}, {}
    for name in params:
        entry = params.entry(name)
        entry.only(frozenset({"type", "default"}), frozenset({"overrides"}))
        values[name] = _typed(entry, "default", entry)
        told = tuple(_override(each, entry) for each in entry.entries("overrides"))
        if len(told) > MAX_OVERRIDES:
            raise entry.bad(f"at most {MAX_OVERRIDES} overrides expected", "overrides")
        if told:
            overrides[name] = told
    return values, overrides


def _override(entry: Entry, param: Entry) -> tuple[str, Value]:
    entry.only(frozenset({"match", "value"}))
    try:
        compile_selector(entry.text("match"))
    except BadRule as error:
        raise entry.bad(str(error), "match") from error
    return entry.text("match"), _typed(entry, "value", param)


def _typed(entry: Entry, key: str, param: Entry) -> Value:
    """Return the value at `key`, of the type `param` says."""
    wanted, value = TYPES.get(param.text("type")), entry[key]
    if wanted is None or not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        raise entry.bad(f"no {param['type']}: {value!r}", key)
    if param["type"] == "duration":
        _span(entry, key, "")
    return value
