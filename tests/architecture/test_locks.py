"""The lock files hold everything pyproject.toml asks for, each by hash, and name no place to fetch it from."""

from __future__ import annotations

import re

import pytest

from tests.architecture.checkout import ROOT, project

PIN = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(name: str) -> dict[str, str]:
    """Return package → version of one lock file."""
    return dict(PIN.findall((ROOT / name).read_text(encoding="utf-8")))


def asked(*requirements: str) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_locked_by_hash(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(name))
    assert not [block.split()[0] for block in blocks if "--hash=sha256:" not in block]


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_an_address_an_index_or_a_folder(name: str) -> None:
    assert not re.findall(r"://|--(?:extra-)?index|--find-links|--trusted| @ |file:", (ROOT / name).read_text("utf-8"))


def test_the_lock_holds_what_the_project_asks_for_and_what_builds_it() -> None:
    meta = project()
    extras = meta["project"]["optional-dependencies"]
    wanted = asked(*meta["project"]["dependencies"], *(each for extra in extras.values() for each in extra))
    assert wanted <= pins("requirements.lock").keys(), "run .ci/lock"
    assert asked(*meta["build-system"]["requires"]) <= pins("requirements.lock").keys()
    assert meta["build-system"]["requires"] == meta["dependency-groups"]["build"]


def test_the_development_lock_is_the_lock_and_more() -> None:
    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert runtime.items() <= development.items(), "run .ci/lock"
    assert asked(*project()["dependency-groups"]["dev"]) <= development.keys(), "run .ci/lock"
