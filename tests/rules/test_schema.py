"""The JSON Schema of rule packs says what the loader says, and is the one that is shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from collector.rulebook import load, shipped
from collector.rulepack import INCIDENT_KEYS, OPTIONAL_KEYS, RULE_KEYS
from collector.ruleschema import schema
from collector.yamlfile import BadFile, read
from tests.collector.test_rulebook import FULL, PACK, folder_with

VALID = jsonschema.Draft202012Validator(schema())
UNKNOWN_KEYS = ("    where:", "pack: server", "type: double", "{var: fs, in:", "level: critical", "{category:")


def pack(path: Path, text: str) -> Any:
    return read(folder_with(path, text) / "pack.yaml")


def test_what_is_shipped_is_what_is_made() -> None:
    written = (shipped().parent / "packs.schema.json").read_text(encoding="utf-8")
    assert written == json.dumps(schema(), indent=2) + "\n", "./muster rules schema > rules/packs.schema.json"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("file", sorted(shipped().glob("*.yaml")), ids=lambda file: file.stem)
def test_every_pack_that_is_shipped_is_valid(file: Path) -> None:
    assert [each.message for each in VALID.iter_errors(read(file))] == []


def test_a_pack_with_every_key_is_valid_and_no_key_is_forgotten(tmp_path: Path) -> None:
    assert VALID.is_valid(pack(tmp_path, FULL))
    rule = schema()["properties"]["rules"]["items"]["properties"]
    assert set(rule) == RULE_KEYS | OPTIONAL_KEYS
    assert set(rule["incident"]["properties"]) == INCIDENT_KEYS


@pytest.mark.parametrize("place", UNKNOWN_KEYS)
def test_a_key_the_loader_does_not_know_the_schema_does_not_know_either(tmp_path: Path, place: str) -> None:
    first, _, rest = place.partition(":")
    wrong = PACK.replace(place, f"{first}x:{rest}", 1)
    with pytest.raises(BadFile, match=r"unknown key|is missing"):
        load(folder_with(tmp_path, wrong))
    assert not VALID.is_valid(pack(tmp_path, wrong))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kinds: [server]", "kinds: [sevrer]"),
        ("kinds: [server]", "kinds: []"),
        ("SRV-TEST-001", "srv1"),
        ("default: notice", "default: bad"),
        ("for: 10m", "for: 10 minutes"),
        ("{zh: 清理, en: clear}", "{zh: 清理}"),
        ("- fires: at once", "- burns: at once"),
        ("storage}", "storage, kb: NOPE}"),
        ("storage}", "storage, line: 4}"),
    ],
)
def test_what_is_wrong_by_its_shape_both_refuse(tmp_path: Path, old: str, new: str) -> None:
    wrong = PACK.replace(old, new, 1)
    with pytest.raises(BadFile):
        load(folder_with(tmp_path, wrong))
    assert not VALID.is_valid(pack(tmp_path, wrong))
