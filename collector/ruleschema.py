"""The format of rule packs as JSON Schema (draft 2020-12), for editors that check a pack while it is written.

It is made of the keys and words `rulepack` goes by, so it knows what the loader knows; what only the loader can tell
(types of expressions, names of facts) is not in it. `rules/packs.schema.json` is this, written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from collector.classes import ALL_TYPES, CLASSES
from collector.desk.priority import WAYS
from collector.rulecase import CASE_KEYS, OUTCOMES
from collector.rulepack import (
    ARTICLE,
    CADENCES,
    CREATE,
    IDENTIFIER,
    INCIDENT_KEYS,
    LANGUAGES,
    MAX_FLAP_WINDOW,
    MAX_KEPT,
    MAX_OVERRIDES,
    MAX_SAMPLES,
    MODES,
    ON_UNKNOWN,
    OPTIONAL_KEYS,
    PACK_KEYS,
    PACK_OPTIONAL_KEYS,
    RULE_KEYS,
    SHARED_KEYS,
    TYPES,
    URGENCIES,
)
from collector.severity import SEVERITIES

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": "string", "minLength": 1}
SPAN: Final[Schema] = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$"}


def schema() -> Schema:
    """Return the schema of one pack."""
    described: dict[str, Schema] = {
        "pack": TEXT,
        "title": _texts(),
        "params": {"type": "object", "additionalProperties": _param()},
        "defaults": _record({name: _SHARED[name] for name in SHARED_KEYS}),
        "rules": {"type": "array", "items": _rule()},
    }
    keys = {name: described[name] for name in PACK_KEYS | PACK_OPTIONAL_KEYS}
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "title": "A pack of inspection rules", **_record(keys, PACK_KEYS)}


def _rule() -> Schema:
    own: dict[str, Schema] = {
        "id": {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$", "maxLength": 64},
        "kinds": {"type": "array", "minItems": 1, "items": {"enum": [*CLASSES, *ALL_TYPES]}},
        "title": _texts(), "summary": _texts(), "runbook": _texts(),
        "expr": TEXT, "where": TEXT, "recover": TEXT,
        "each": _record({"var": TEXT, "in": TEXT, "key": TEXT}, ("var", "in", "key")),
        "severity": _severity(), "incident": _incident(), "shadow": {"type": "boolean"},
        "parent_grace": SPAN,
        "cases": {"type": "array", "items": _case()},
    }  # fmt: skip
    described = {**_SHARED, **own}
    return _record({name: described[name] for name in RULE_KEYS | OPTIONAL_KEYS}, RULE_KEYS)


def _incident() -> Schema:
    described: dict[str, Schema] = {
        "category": TEXT, "urgency": {"enum": [*URGENCIES]}, "line": {"enum": [1, 2, 3]}, "group": TEXT,
        "group_by": _one_or_some(TEXT), "create": {"enum": [*CREATE]},
        "kb": {"type": "string", "pattern": f"^{ARTICLE.pattern}$"}, "impact_from": _one_or_some({"enum": [*WAYS]}),
        "attach": _one_or_some(TEXT, MAX_KEPT), "related": _one_or_some(TEXT, MAX_KEPT),
    }  # fmt: skip
    return _record({name: described[name] for name in INCIDENT_KEYS})


def _case() -> Schema:
    by_name = {"type": "object", "additionalProperties": TEXT}
    described: dict[str, Schema] = {
        "ci": {"type": "object"}, "status": by_name, "age": {"type": "object", "additionalProperties": SPAN},
        "now": {"type": "string", "format": "date-time"}, "was": TEXT, "severity": {"enum": [*SEVERITIES]},
        "history": {"type": "object", "additionalProperties": {"type": "array"}}, "held": SPAN,
    }  # fmt: skip
    keys = {name: described[name] for name in CASE_KEYS} | dict.fromkeys(OUTCOMES, TEXT)
    return {**_record(keys), "oneOf": [{"required": [each]} for each in OUTCOMES]}


def _severity() -> Schema:
    level = {"enum": [*SEVERITIES]}
    steps = {"type": "array", "items": _record({"if": TEXT, "level": level}, ("if", "level"))}
    return _record({"default": level, "when": steps})


def _param() -> Schema:
    override = _record({"match": TEXT, "value": {}}, ("match", "value"))
    overrides = {"type": "array", "items": override, "maxItems": MAX_OVERRIDES}
    return _record({"type": {"enum": [*TYPES]}, "default": {}, "overrides": overrides}, ("type", "default"))


def _texts() -> Schema:
    return _record(dict.fromkeys(LANGUAGES, TEXT), LANGUAGES)


def _flap() -> Schema:
    share = _whole(1, 100)
    return {"oneOf": [{"const": "off"}, _record({"window": _whole(3, MAX_FLAP_WINDOW), "high": share, "low": share})]}


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _one_or_some(each: Schema, most: int = 0) -> Schema:
    return {"oneOf": [each, {"type": "array", "items": each, **({"maxItems": most} if most else {})}]}


def _record(keys: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """Return the schema of a mapping that has these keys and no others."""
    needed = {"required": sorted(required)} if required else {}
    return {"type": "object", "additionalProperties": False, **needed, "properties": dict(sorted(keys.items()))}


_SHARED: Final[Mapping[str, Schema]] = {
    "match": TEXT, "for": SPAN, "max_age": SPAN, "keep_firing_for": SPAN, "min_samples": _whole(1, MAX_SAMPLES),
    "on_unknown": {"enum": [*ON_UNKNOWN]}, "flap": _flap(), "depends": _one_or_some(TEXT),
    "mode": _one_or_some({"enum": [*MODES]}), "cadence": {"enum": [*CADENCES]},
    "waivable": {"type": "boolean"},
}  # fmt: skip
