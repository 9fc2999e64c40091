"""The documents tell the truth: the glossary has every noun, each dependency has its reason, each command exists."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, project

ARCHITECTURE = ROOT / "ARCHITECTURE.md"
BIN = Path(sys.prefix) / "bin"
COMMAND = re.compile(r"(?:^|`|\$ |sudo )(\./muster|muster-agent|muster)\b([^`\n|#]*)", re.MULTILINE)
WORD = re.compile(r"[a-z][a-z-]*\Z")
SCRIPT_WORDS = {"test", "bench"}
"""Words the script `./muster` keeps for itself."""


def section(title: str) -> str:
    """Return the text of ARCHITECTURE.md below the heading `title`."""
    return ARCHITECTURE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_noun_of_the_model_stands_in_the_glossary() -> None:
    trees = [ast.parse(each.read_text(encoding="utf-8")) for each in (ROOT / "collector/model").glob("*.py")]
    nouns = {node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
    explained = set(re.findall(r"\*\*(\w+)\*\*", section("Glossary")))
    assert not nouns - explained, "a word without a meaning in ARCHITECTURE.md"
    assert not explained - nouns, "ARCHITECTURE.md explains, in bold, a class that the model has no more"


def test_every_dependency_says_what_it_is_for() -> None:
    meta = project()
    wanted = list(meta["project"]["dependencies"])
    for extra in meta["project"]["optional-dependencies"].values():
        wanted += extra
    told = section("Dependencies")
    names = [re.match(r"[\w-]+", requirement) for requirement in wanted]
    assert not [name[0] for name in names if name and not re.search(rf"\b{re.escape(name[0])}\b", told)]


def test_every_development_dependency_is_named() -> None:
    told = section("Dependencies")
    for requirement in project()["dependency-groups"]["dev"]:
        name = re.match(r"[\w-]+", requirement)
        assert name
        assert name[0] in told or name[0].startswith("types-"), f"{name[0]} is not in ARCHITECTURE.md"


def commands(document: Path) -> set[tuple[str, ...]]:
    """Return each command line `document` shows: the program and the words that name a command."""
    found = set()
    for program, rest in COMMAND.findall(document.read_text(encoding="utf-8")):
        words = []
        for word in rest.split():
            if not WORD.match(word):
                break
            words.append(word)
        if words:
            found.add(("muster" if program == "./muster" else program, *words))
    return found


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_command_a_document_shows_exists(name: str) -> None:
    """Of the two READMEs one is enough: the test after this one holds them to the same commands."""
    shown = commands(ROOT / name)
    assert shown or name == "CONTRIBUTING.md"
    for program, *words in sorted(shown):
        if words[0] in SCRIPT_WORDS:
            continue
        answer = subprocess.run([BIN / program, *words, "--help"], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, f"{name}: `{program} {' '.join(words)}`: {answer.stderr[-500:]}"


def test_the_two_readmes_show_the_same_commands() -> None:
    assert commands(ROOT / "README.md") == commands(ROOT / "README.zh-CN.md")


def test_every_file_a_document_links_to_is_there() -> None:
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{document.name} links to {target}"


def test_the_changelog_speaks_of_this_version_and_begins_each_line_with_a_component() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert project()["project"]["version"] in text
    for line in re.findall(r"^- (.+)$", text, re.MULTILINE):
        assert re.match(r"[a-z][\w ,/-]*: \S", line), f"begin with the component: {line}"
