"""Old agents keep working: sections and fields of the catalogue are only ever added."""

from __future__ import annotations

from tests.architecture.sections_snapshot import COMMAND, Catalogue, added, broken, frozen, today

OLD: Catalogue = {"os": {"key": [], "fields": {"name": "text", "cores": "whole"}}}


def test_nothing_that_was_ever_said_is_gone_or_means_another_thing() -> None:
    assert not broken(frozen(), today()), (
        "add a field with another name instead; agents in the field still send this one"
    )


def test_everything_that_is_said_is_frozen() -> None:
    assert not added(frozen(), today()), f"new in the catalogue: freeze it with `{COMMAND}` and commit sections.json"


def test_a_removed_or_changed_field_section_or_key_is_noticed() -> None:
    assert broken(OLD, {}) == ["section os is gone"]
    assert broken(OLD, {"os": {"key": [], "fields": {"name": "text"}}}) == ["os.cores: was whole, is gone"]
    assert broken(OLD, {"os": {"key": [], "fields": {"name": "text", "cores": "text"}}}) == [
        "os.cores: was whole, is text"
    ]
    assert broken(OLD, {"os": {**OLD["os"], "key": ["name"]}}) == ["os: key was [], is ['name']"]


def test_an_added_field_breaks_nothing_but_must_be_frozen() -> None:
    new = {"os": {"key": [], "fields": {**OLD["os"]["fields"], "arch": "text"}}, "cpu": {"key": [], "fields": {}}}
    assert broken(OLD, new) == []
    assert added(OLD, new) == ["os.arch", "section cpu"]
