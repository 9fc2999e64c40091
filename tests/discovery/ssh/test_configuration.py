"""Configurations as values: what must differ, what must not, and what no text may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from discovery.failures import Failed
from discovery.ssh.configuration import Configuration, configuration, token
from discovery.ssh.platform import platforms
from wire.configuration import address
from wire.sections import MAX_DOCUMENT, SECTIONS, check

KEY = b"a key of the caller's own"
CASES = {
    file.stem: yaml.safe_load(file.read_text("utf-8")) for file in sorted((Path(__file__).parent / "cases").glob("*"))
}
DIALECTS = pytest.mark.parametrize("name", CASES)


def read(name: str, text: str, key: bytes = KEY) -> Configuration:
    found = configuration(text, "running", platforms()[name], key)
    assert found is not None
    return found


def pairs(case: dict[str, Any], which: str) -> list[tuple[str, str]]:
    """Return (old, new) texts; each replacement must hit something."""
    text = case["text"]
    changed = [(text, text.replace(old, new)) for old, new in case.get(which, ())]
    assert all(old != new for old, new in changed), which
    return changed


def test_every_platform_has_its_case_with_all_pairs() -> None:
    assert CASES.keys() == platforms().keys()
    for name, case in CASES.items():
        assert case["volatile_same"], name
        assert case["volatile_differs"], name
        assert case["secret_differs"], name


@DIALECTS
def test_a_volatile_line_that_moves_is_no_change(name: str) -> None:
    for old, new in pairs(CASES[name], "volatile_same"):
        assert read(name, old).sha256 == read(name, new).sha256


@DIALECTS
def test_a_line_that_only_looks_volatile_is_a_change(name: str) -> None:
    for old, new in pairs(CASES[name], "volatile_differs"):
        assert read(name, old).sha256 != read(name, new).sha256


@DIALECTS
def test_a_secret_that_moves_is_a_change(name: str) -> None:
    for old, new in pairs(CASES[name], "secret_differs"):
        assert read(name, old).sha256 != read(name, new).sha256


@DIALECTS
def test_a_secret_that_stays_is_no_change(name: str) -> None:
    case = CASES[name]
    same = [(case["text"], case["text"].replace("\n", "  \r\n")), *pairs(case, "secret_same")]
    for old, new in same:
        assert read(name, old).sha256 == read(name, new).sha256


@DIALECTS
def test_no_secret_is_in_the_text_and_the_rest_can_be_read(name: str) -> None:
    text = read(name, CASES[name]["text"]).text
    assert [each for each in CASES[name]["hidden"] if each in text] == []
    assert [each for each in CASES[name]["readable"] if each not in text] == []
    assert all(each in CASES[name]["text"] for each in CASES[name]["hidden"])


@DIALECTS
def test_a_row_keeps_to_the_catalogue_and_tells_the_devices_own_stamp(name: str) -> None:
    found = read(name, CASES[name]["text"])
    check(SECTIONS["configuration"], [found.row()])
    assert found.changed == CASES[name].get("changed")
    assert found.sha256 == address(found.text)


@pytest.mark.parametrize("name", [name for name, each in platforms().items() if each.whole.sources])
def test_a_configuration_without_its_end_is_not_taken_for_whole(name: str) -> None:
    lines = CASES[name]["text"].rstrip().split("\n")
    with pytest.raises(Failed, match="the end of the configuration is missing"):
        read(name, "\n".join([*lines[: len(lines) // 2 + 5], "interface cut sho"]))


def test_another_key_gives_other_tokens() -> None:
    assert token("s3cret", KEY) == token("s3cret", KEY)
    assert token("s3cret", KEY) != token("s3cret", b"another key, as long")
    with pytest.raises(ValueError, match="at least 16"):
        configuration("end", "running", platforms()["cisco_ios"], b"short")


def test_a_private_key_is_one_token_whatever_stands_around_it() -> None:
    body = "\n".join(
        ['set system x "-----BEGIN RSA PRIVATE KEY-----', "QUJDREVG", "R0hJSktM", '-----END RSA PRIVATE KEY-----"']
    )
    text = read("juniper_junos", body).text
    assert "QUJDREVG" not in text
    assert "R0hJSktM" not in text
    assert text.count("<secret:") == 1
    assert "R0hJ" not in read("juniper_junos", body[:-40]).text  # a block that never ends hides what is left


@pytest.mark.parametrize(
    ("name", "said", "cause"),
    [
        ("cisco_ios", "             ^\n% Invalid input detected at '^' marker.", "unparsed"),
        ("cisco_ios", "% Authorization failed.", "authorization"),
        ("huawei_vrp", "Error: Unrecognized command found at '^' position.", "unparsed"),
        ("hp_comware", "Permission denied.", "authorization"),
        ("juniper_junos", "syntax error, expecting <command>.", "unparsed"),
        ("mikrotik_routeros", "bad command name exprot (line 1 column 2)", "unparsed"),
        ("juniper_junos", "", "unparsed"),
    ],
)
def test_a_refusal_is_told_from_a_configuration(name: str, said: str, cause: str) -> None:
    with pytest.raises(Failed) as failed:
        read(name, said)
    assert failed.value.cause == cause


def test_a_start_up_configuration_that_is_not_there_is_none() -> None:
    assert configuration("startup-config is not present\n", "startup", platforms()["cisco_ios"], KEY) is None


def test_what_is_too_large_fails_within_its_bound() -> None:
    with pytest.raises(Failed, match="budget"):
        read("juniper_junos", "x" * (MAX_DOCUMENT + 1))
    with pytest.raises(Failed, match="budget"):
        read("juniper_junos", "中" * (MAX_DOCUMENT // 2))


@given(st.sampled_from(sorted(CASES)), st.text(max_size=2000))
@example("cisco_ios", "password \ud800\nend")
@settings(max_examples=300, deadline=1000)
def test_whatever_a_device_prints_it_is_read_or_fails_by_its_one_error(name: str, said: str) -> None:
    try:
        found = configuration(said, "running", platforms()[name], KEY)
    except Failed:
        return
    if found is not None:
        again = read(name, said)
        assert again == found
        check(SECTIONS["configuration"], [found.row()])


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40))
@settings(max_examples=200, deadline=1000)
def test_whatever_the_secret_is_it_is_not_in_the_text(word: str) -> None:
    secret = word.replace('"', "q").replace("'", "q").replace(";", "s")
    text = read("cisco_ios", f"snmp-server community {secret} RO\nusername a password 0 {secret}\nend").text
    assert secret not in text.replace("snmp-server", "").replace("community", "").replace("username", "").replace(
        "password", ""
    )
