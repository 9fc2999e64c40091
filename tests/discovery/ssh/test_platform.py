"""Platforms as data: what is recognised, and what no file may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from discovery.library import SHIPPED, definitions_in
from discovery.ssh.platform import BadPlatform, Lines, platforms, recognise


@pytest.mark.parametrize(
    ("definition", "description", "banner", "name"),
    [
        ("cisco-iosxr", "", "", "cisco_xr"),
        ("h3c-comware: sysObjectID 1.3.6.1.4.1.25506", "", "SSH-2.0-Unheard", "hp_comware"),
        (None, "Cisco IOS Software, C2960X Software", "", "cisco_ios"),
        (None, "", "SSH-2.0-Cisco-1.25", "cisco_ios"),
        (None, "", "SSH-2.0-Cisco-2.0", "cisco_xr"),
        (None, "", "SSH-2.0-OpenSSH_9.2p1 Debian-2", "linux"),
        ("huawei-vrp", "Linux db 6.1", "SSH-2.0-OpenSSH_7.9", "huawei_vrp"),
        (None, "", "SSH-2.0-Unheard", None),
        ("", "", "", None),
    ],
)
def test_a_platform_is_recognised_by_definition_then_description_then_banner(
    definition: str | None, description: str, banner: str, name: str | None
) -> None:
    found = recognise(definition, description, banner)
    assert (found.name if found else None) == name


def test_every_definition_a_platform_names_is_there_and_named_once() -> None:
    there = set(definitions_in([SHIPPED]).ids)
    named = [each for platform in platforms().values() for each in platform.definitions]
    assert set(named) <= there
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    "wrong",
    [
        "device_type: cisco_ios",
        "device_type: no_such_driver\nrunning: show",
        "device_type: cisco_ios\nrunning: show\nvolatil: []",
        "device_type: cisco_ios\nrunning: show\nsecrets: ['(unclosed']",
        "device_type: cisco_ios\nrunning: show\nsecrets: ['no group']",
        "device_type: cisco_ios\nrunning: show\nvolatile: ['(?=ahead)']",
        "device_type: cisco_ios\nrunning: show\nblocks: [{begins: x}]",
        "- a list",
        "{",
    ],
)
def test_a_file_that_is_no_platform_is_refused_by_name(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "everywhere.yaml").write_text("secrets: ['(s3cret)']")
    (tmp_path / "odd.yaml").write_text(wrong)
    with pytest.raises(BadPlatform, match="odd"):
        platforms(tmp_path)


def test_spans_that_overlap_are_one_and_count_in_characters() -> None:
    lines = Lines((r"key (\S+)", r"(秘\S+)", r"key \S+ (\S+)"), grouped=True)
    assert lines.spans("钥 key 秘密x 密码") == [(6, 9), (10, 12)]
    assert lines.spans("key ab") == [(4, 6)]
    assert lines.spans("nothing") == []
