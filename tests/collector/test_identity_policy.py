"""The identity policy is checked entry by entry, and a bad one never goes live."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.identifiers import BadPolicy, load
from collector.identity_policy import KINDS, Strength

SHIPPED = Path(__file__).parents[2] / "rules" / "identity.yaml"
POLICY = load(SHIPPED)

DOMAIN_CLASSES = (
    "server", "security", "storage", "environment", "network", "pc", "auxiliary", "application", "system_software",
    "unknown",
)  # fmt: skip


def _changed(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "identity.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("ci_class", DOMAIN_CLASSES)
def test_every_class_of_the_regulation_has_a_profile_of_its_own(ci_class: str) -> None:
    assert ci_class in POLICY.profiles


def test_a_virtual_machine_is_told_apart_otherwise_than_the_other_servers() -> None:
    assert POLICY.profile("server", "virtual_machine").name == "virtual"
    assert POLICY.profile("server", "pc_server").name == "physical"


def test_a_class_nobody_heard_of_is_told_apart_as_unknown_is() -> None:
    assert POLICY.profile("toaster", "steam") is POLICY.profile("unknown", "unknown")


def test_dependents_are_looked_up_inside_their_parent_and_virtual_machines_are_not() -> None:
    inside = {name for name in POLICY.profiles if POLICY.profiles[name].inside_parent}
    assert inside == {"system_software", "application"}


def test_every_set_names_known_kinds_and_the_first_set_of_every_profile_is_strong() -> None:
    for profile in POLICY.profiles.values():
        assert profile.sets[0].strength is Strength.STRONG, profile.name
        assert {kind for each in profile.sets for kind in each.kinds} <= KINDS


def test_every_refusal_gives_its_reason() -> None:
    assert all(pattern.reason.strip() for pattern in POLICY.patterns)
    assert all(prefix.reason.strip() for prefix in POLICY.macs)
    assert all(reason.strip() for reasons in POLICY.exact.values() for reason in reasons.values())


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("pattern: 'to be filled.*'", "pattern: 'to.*'", "does not do as its example 'TO-BE-1F11'"),
        ("pattern: 'to be filled.*'", "pattern: '[01'", "unterminated character set"),
        ('refuses: ["To be filled by OEM", "To be filled by O.E.M"]', "refuses: []", "a value it refuses"),
        ("{kinds: [serial], strength: strong}", "{kinds: [serail], strength: strong}", "identifier: serail"),
        ("veto: {serial: strong, uuid: strong, mac: medium}", "veto: {serail: strong}", "identifier: serail"),
        ("strength: medium", "strength: certain", "certain is not weak, medium or strong"),
        ("{kinds: [serial], strength: strong}", "{kinds: [serial], strength: weak}", "order of strength"),
        ("classes: [network, security]", "classes: [network, security, pc]", "pc has another profile too"),
        ("classes: [server, pc, unknown]", "classes: [server, pc]", "no profile for the class unknown"),
        ("silent: true, strength: weak", "silent: perhaps, strength: weak", "silent: true or false expected"),
        ("at_least: 2", "at_least: 0", "at_least: a whole number from 1"),
        ('prefix: "02:42"', 'prefix: "02:4x"', "hexadecimal digits expected"),
        ("value: 03000200-0400", "value: 03000200-04", "badly formed"),
        ("cisco: [cisco systems]", "cisco: [cisco systems, dell emc]", "another maker's name too"),
        ("shortest: 4", "shortest: four", "shortest: a whole number"),
        ("version: 1", "vesion: 1", "unknown key vesion"),
        ("- blank", "- 1234", "values: texts expected"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(BadPolicy, match=r"identity\.yaml:\d+: ") as refused:
        load(_changed(tmp_path, old, new))
    assert complaint in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "version: [", "a: &a [*a]", "[" * 5000, "\x00", "version: 1\nversion: 2"])
def test_a_file_that_is_no_policy_is_refused_not_crashed_on(tmp_path: Path, text: str) -> None:
    path = tmp_path / "identity.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadPolicy, match=r"identity\.yaml"):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match=r"nowhere\.yaml"):
        load(tmp_path / "nowhere.yaml")
