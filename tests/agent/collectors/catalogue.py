"""Checks a collector's body against the section catalogue, as the agent and the collector's ingest do."""

from __future__ import annotations

from typing import Any

from wire.sections import SECTIONS, Body, arrange, check


def kept(section: str, body: Body) -> Any:
    """Return `body` arranged, after it was checked; assert that no field is unknown and no row is lost."""
    shape = SECTIONS[section]
    arranged = arrange(shape, body)
    assert check(shape, arranged) == arranged, "a field the catalogue does not know"
    assert isinstance(body, dict) or len(arranged) == len(body), "two rows with one key"
    return arranged
