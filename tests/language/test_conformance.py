"""The cases of the CEL specification that lie inside the subset, and a count of the others by reason.

The files are the specification's own (`tests/simple/testdata` of cel-spec, Apache-2.0) and no part of this project:
`MUSTER_CEL_SPEC` names their folder, or they lie in `../shared/cel-spec` beside the checkout.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.language import BadExpression, Fault, Unknown, compile_expression
from collector.language.types import BOOL, DOUBLE, DYN, INT, MAP, SPAN, TEXT, TIME, Type, list_of
from tests.language.textproto import Message, read

BESIDE = Path(__file__).parents[3] / "shared" / "cel-spec"
FOLDER = Path(os.environ.get("MUSTER_CEL_SPEC") or BESIDE)
INSIDE = 590
"""Cases that lie inside the subset, at least: so that none slips out unseen."""

FILES = {
    "bindings_ext": "an extension library", "block_ext": "an extension library",
    "encoders_ext": "an extension library", "math_ext": "an extension library",
    "network_ext": "an extension library", "optionals": "an extension library", "proto2_ext": "an extension library",
    "string_ext": "an extension library", "proto2": "protobuf messages and enums",
    "proto3": "protobuf messages and enums", "enums": "protobuf messages and enums",
    "dynamic": "protobuf messages and enums", "wrappers": "protobuf messages and enums",
}  # fmt: skip
WRITTEN = [
    ("protobuf messages and enums", r"TestAllTypes|google\.protobuf|NestedEnum|GlobalEnum|\.proto[23]?\."),
    ("null", r"\bnull\b"),
    ("unsigned numbers", r"\buint\b|\b(?:0x[0-9a-fA-F]+|\d+)[uU]\b"),
    ("bytes", r"\bbytes\b|\b[bB][rR]?[\"']|\b[rR][bB][\"']"),
    ("types as values", r"\btype\(|\b(?:int|double|string|bool|list|map|dyn)\b(?!\s*\()|\bnull_type\b"),
    ("texts in three quotes", r"'''|\"\"\""),
    ("names in back quotes", r"`"),
    ("optional fields", r"\.\?|\[\?|\{\?|\boptional\b"),
    ("bool()", r"\bbool\("),
    ("macros over two variables", r"\.(?:all|exists|existsOne)\(\w+, \w+, |\.transform(?:List|Map)\("),
    ("existsOne(), another spelling", r"\.existsOne\("),
    ("keys that are no texts", r"[{,]\s*(?:-?\d+(?:\.\d+)?|true|false)\s*:"),
    ("names with a leading dot", r"(?:^|[^\w.)\]}'\"])\.[A-Za-z_]"),
]  # fmt: skip
"""Why a case lies outside, and how its expression shows it."""
APART = {
    "nanoseconds": {"timestamp_arithmetic/add_time_to_duration_nanos_negative",
                    "timestamp_arithmetic/add_time_to_duration_nanos_positive",
                    "timestamp_conversions/toString_timestamp_nanos", "timestamp_range/add_duration_nanos_over",
                    "timestamp_range/add_duration_nanos_under"},
    "keys that are no texts": {"in/empty"},
}  # fmt: skip
TYPES = {"INT64": INT, "DOUBLE": DOUBLE, "STRING": TEXT, "BOOL": BOOL, "TIMESTAMP": TIME, "DURATION": SPAN}
NONE = ("none",)


class Outside(Exception):
    """A case that lies outside the subset; the message is the reason."""


@dataclass(frozen=True)
class Case:
    file: str
    name: str
    fields: Message

    @property
    def source(self) -> str:
        return str(self.fields["expr"][0].decode())


def cases() -> Iterator[Case]:
    for file in sorted(FOLDER.glob("*.textproto")):
        for section in read(file.read_text(encoding="utf-8")).get("section", []):
            for test in section.get("test", []):
                yield Case(file.stem, f"{section['name'][0].decode()}/{test['name'][0].decode()}", test)


def value(message: Message) -> Any:
    """Return what a `Value` message stands for; raise `Outside`."""
    ((kind, [held]),) = message.items() if message else (("none", [None]),)
    match kind:
        case "int64_value" | "bool_value":
            return held
        case "double_value":
            return float(held)
        case "string_value":
            return held.decode()
        case "list_value":
            return [value(each) for each in held.get("values", [])]
        case "map_value":
            entries = [(value(each["key"][0]), value(each["value"][0])) for each in held.get("entries", [])]
            if not all(isinstance(key, str) for key, _ in entries):
                raise Outside("keys that are no texts")
            return dict(entries)
        case "object_value":
            return _object(held)
    raise Outside({"uint64_value": "unsigned numbers", "bytes_value": "bytes", "null_value": "null",
                   "type_value": "types as values"}.get(kind, "protobuf messages and enums"))  # fmt: skip


def _object(held: Message) -> Any:
    ((url, [body]),) = held.items()
    seconds, nanos = body.get("seconds", [0])[0], body.get("nanos", [0])[0]
    if nanos % 1000:
        raise Outside("nanoseconds")
    if url.endswith("google.protobuf.Duration"):
        return timedelta(seconds=seconds, microseconds=nanos // 1000)
    if url.endswith("google.protobuf.Timestamp"):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=nanos // 1000)
    raise Outside("protobuf messages and enums")


def type_of(message: Message) -> Type:
    ((kind, [held]),) = message.items()
    if kind in ("primitive", "well_known"):
        return TYPES.get(held, DYN)
    if kind == "list_type":
        return list_of(type_of(held["elem_type"][0])) if "elem_type" in held else list_of(DYN)
    return MAP if kind == "map_type" else DYN


def wanted(case: Case) -> Any:
    """Return the outcome a case promises; raise `Outside`."""
    if "eval_error" in case.fields or "any_eval_errors" in case.fields:
        return NONE
    if "typed_result" in case.fields or "check_only" in case.fields:
        raise Outside("asks for the type that was found")
    if "unknown" in case.fields or "any_unknowns" in case.fields:
        raise Outside("asks for a set of unknowns")
    return value(case.fields["value"][0]) if "value" in case.fields else True


def names(case: Case) -> tuple[dict[str, Any], dict[str, Type]]:
    """Return the values and the types of the names; raise `Outside`."""
    values = {each["key"][0].decode(): value(each["value"][0]["value"][0]) for each in case.fields.get("bindings", [])}
    types = dict.fromkeys(values, DYN)
    for each in case.fields.get("type_env", []):
        if "ident" not in each:
            raise Outside("functions of one's own")
        types[each["name"][0].decode()] = type_of(each["ident"][0]["type"][0])
    if any("." in name for name in types) or "container" in case.fields:
        raise Outside("containers and qualified names")
    return values, types


def outcome(case: Case) -> Any:
    values, types = names(case)
    try:
        expression = compile_expression(case.source, {name: (name,) for name in types}, types)
    except BadExpression as error:
        if case.fields.get("disable_check") == [True]:
            raise Outside(_checked(str(error))) from None
        return NONE
    scope = {"now": datetime(2026, 1, 1, tzinfo=UTC), "ci": {}, "param": {}, **values}
    said = []
    for way in (expression.evaluate, expression.exactly):
        try:
            given = way(scope)
        except Fault:
            given = NONE
        said.append(NONE if isinstance(given, Unknown) else given)
    assert same(*said), said
    return said[0]


def _checked(error: str) -> str:
    return (
        "functions are always checked" if re.match("unknown method|no function", error) else "types are always checked"
    )


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def run(case: Case) -> bool:
    """Return whether ours says what the case promises; raise `Outside`."""
    if case.file in FILES:
        raise Outside(FILES[case.file])
    for reason, pattern in WRITTEN:
        if re.search(pattern, _bare(case.source) if reason not in ("bytes", "texts in three quotes") else case.source):
            raise Outside(reason)
    for reason, some in APART.items():
        if case.name in some:
            raise Outside(reason)
    promised = wanted(case)
    return same(outcome(case), promised)


def _bare(source: str) -> str:
    """Return `source` with its literals of text emptied."""
    return re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", "''", source)


def told(outside: Counter[str], inside: int) -> str:
    return "\n".join(
        [f"{inside} cases inside the subset", *(f"{count:5} {why}" for why, count in outside.most_common())]
    )


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the files of cel-spec: MUSTER_CEL_SPEC names their folder")
def test_every_case_of_the_specification_inside_the_subset_holds() -> None:
    outside, failed, inside = Counter[str](), [], 0
    for case in cases():
        try:
            holds = run(case)
        except Outside as reason:
            outside[str(reason)] += 1
            continue
        inside += 1
        if not holds:
            failed.append(f"{case.file}: {case.name}: {case.source}")
    print(told(outside, inside))
    assert not failed, "\n".join(failed)
    assert inside >= INSIDE, told(outside, inside)
