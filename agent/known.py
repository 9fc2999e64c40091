"""What this machine looked like last, and which of it the collector holds: decides what an observation carries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from agent import __version__, durable
from agent.worker import Reading
from wire.observation import Drop, Observation, Section, Status, is_hashes_only, state_hash
from wire.sections import digest

VOLATILE = frozenset({"health"})
"""Sections that differ each time and say nothing about the configuration."""

MAX_TOGETHER = 4 * 1024 * 1024
"""Bodies of one observation, bytes; a single larger body travels alone."""


def section_of(reading: Reading, revision: int) -> Section:
    """Return a reading as the wire has it, with its body."""
    is_ok = reading.status is Status.OK
    return Section(
        name=reading.section,
        status=reading.status,
        complete=reading.status.speaks,
        hash=digest(reading.body) if is_ok else b"",
        body=reading.body if is_ok else None,
        reason=reading.reason,
        collected_at_ms=reading.collected_at_ms,
        revision=revision,
        took_ms=reading.took_ms,
    )


class Known:
    """The latest section of each name, without bodies, and what of them was acknowledged, kept in `path`."""

    def __init__(self, path: Path, agent_id: str, boot_id: str = "") -> None:
        self._path, self._agent_id, self._boot_id = path, agent_id, boot_id
        self._latest: dict[str, Section] = {}
        self._wanted: set[str] = set()
        self._acknowledged = _recall(path, agent_id)

    @property
    def failing(self) -> tuple[str, ...]:
        """Names of the sections whose last collection said nothing about the machine."""
        return tuple(sorted(name for name, section in self._latest.items() if not section.status.speaks))

    @property
    def owed(self) -> frozenset[str]:
        """Names of the sections whose latest content the collector has not acknowledged.

        A full inventory takes them in, so that it stands for every one before it that had to be dropped.
        """
        return frozenset(
            name
            for name, section in self._latest.items()
            if section.status.speaks and name not in VOLATILE and self._acknowledged.get(name) != _mark(section)
        )

    def want(self, names: Iterable[str]) -> None:
        """Send these in full the next time they are collected."""
        self._wanted.update(names)

    def observations(
        self, sections: Sequence[Section], is_full: bool, now_ms: int, drops: Sequence[Drop] = ()
    ) -> list[Observation]:
        """Return what to send of a run's `sections`: nothing when a partial run found nothing new.

        Each observation carries the state hash as of its own sections, so none passes for another's repetition.
        """
        if not is_full:
            sections = [section for section in sections if self._is_news(section)]
        found = []
        for group in _portions([self._trimmed(section) for section in sections]):
            self._latest.update((section.name, replace(section, body=None)) for section in group)
            bare = is_hashes_only(group, drops, self._latest.keys() - VOLATILE)
            found.append(
                Observation(now_ms, __version__, self._boot_id, self._state_hash(), tuple(group), tuple(drops), bare)
            )
            drops = ()
        return found

    def _is_news(self, section: Section) -> bool:
        before = self._latest.get(section.name)
        return (
            before is None
            or section.name in self._wanted
            or section.name in VOLATILE
            or (before.status, before.hash, before.revision) != (section.status, section.hash, section.revision)
        )

    def _trimmed(self, section: Section) -> Section:
        """Return `section` without its body when the collector holds it already."""
        if section.name in self._wanted:
            self._wanted.discard(section.name)
            return section
        return replace(section, body=None) if self._acknowledged.get(section.name) == _mark(section) else section

    def _state_hash(self) -> bytes:
        return state_hash(section for name, section in self._latest.items() if name not in VOLATILE)

    def acknowledged(self, observations: Iterable[Observation]) -> None:
        """Take note that the collector has these; raise OSError when that cannot be written down."""
        marks = dict(self._acknowledged)
        for section in (each for observation in observations for each in observation.sections):
            if section.status.speaks and section.name not in VOLATILE:
                marks[section.name] = _mark(section)
        if marks != self._acknowledged:
            self._acknowledged = marks
            durable.write_file(self._path, json.dumps({"agent_id": self._agent_id, "sections": marks}).encode())


def _mark(section: Section) -> str:
    """Return what tells one content of a section from another; an empty one has no hash."""
    return f"{section.revision}:{section.hash.hex()}"


def _recall(path: Path, agent_id: str) -> dict[str, str]:
    """Return what was acknowledged before; nothing when it is unreadable or another agent's: all is sent in full."""
    try:
        found = json.loads(durable.read_small(path) or b"{}")
        marks = found["sections"] if found["agent_id"] == agent_id else {}
        return {str(name): str(mark) for name, mark in marks.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _portions(sections: Sequence[Section]) -> list[list[Section]]:
    """Return `sections` in groups whose bodies stay within `MAX_TOGETHER`."""
    groups: list[list[Section]] = []
    room = 0
    for section in sections:
        size = len(section.body or b"")
        if not groups or size > room:
            groups.append([])
            room = MAX_TOGETHER
        groups[-1].append(section)
        room -= size
    return groups
