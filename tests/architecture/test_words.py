"""Nothing in the repository speaks of one machine, of a package registry's host, or of unfinished work."""

from __future__ import annotations

import re

import pytest

from tests.architecture.checkout import files

# Spelt with brackets so that this file does not find itself.
FORBIDDEN = {
    "a package registry's host": r"p[y]pi\.org|p[y]thonhosted|n[p]mjs\.|y[a]rnpkg|d[e]b\.debian|u[n]pkg|j[s]delivr",
    "a path of one machine": r"/w[o]rk/(main|shared)|/t[o]olvenv|/f[a]rm/|/r[o]ot/\.pyenv",
    "unfinished work": r"\b(T[O]DO|F[I]XME|X[X]X)\b|raise N[o]tImplementedError",
    "a skipped test without a reason": r"pytest\.mark\.s[k]ip\b(?!if)|\bassert T[r]ue\b",
}
TEXT_LIMIT = 2_000_000


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in files():
        content = path.read_bytes()
        if b"\0" in content[:8192] or len(content) > TEXT_LIMIT:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_every_module_says_first_what_it_is_for() -> None:
    silent = []
    for path in files("agent", "collector", "discovery", "proto", "tests"):
        if path.suffix == ".py" and not path.stem.endswith("_pb2") and path.stat().st_size:
            first = path.read_text(encoding="utf-8").lstrip().splitlines()[0]
            if not first.startswith(('"""', 'r"""')):
                silent.append(str(path))
    assert not silent
