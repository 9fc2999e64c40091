"""Which CI is that? What names one, what speaks as one, and doubts about it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from collector.model.estate import CiState
from collector.model.observation import Reading


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """Something that names a CI.

    Kinds: serial, uuid, mac, virtual_mac, agent, machine_id, hostname, address, product, instance …
    """

    kind: str
    value: str


CONTAINS = "contains"
PARENT_TO_SUBJECT = frozenset({CONTAINS})
"""Relations that point from the parent to the subject; all others point from the subject to its parent."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing an observation speaks of, before we know which CI it is.

    `role` tells the subjects of one observation apart: `host`, `os`, `software:<product>|<instance>`,
    `vm:<uuid>`, `member:<serial>`. `parent` is the role this one depends on, looked up inside that CI. `paired`: it is
    one of two that stand in for each other, and name and address pass from one to the other.
    """

    role: str
    ci_class: str
    ci_type: str
    name: str
    identifiers: frozenset[Identifier]
    readings: Mapping[str, Reading]
    parent: str | None = None
    relation: str | None = None
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """A CI that holds identifiers, as identity needs to see it."""

    ci_id: int
    ci_class: str
    ci_type: str
    state: CiState
    identifiers: frozenset[Identifier]


class CaseKind(enum.StrEnum):
    DUPLICATE = "duplicate"
    CLONE = "clone"
    REPLACEMENT = "replacement"
    SPLIT = "split"
    CLASS_CONFLICT = "class_conflict"


@dataclass(frozen=True, slots=True)
class DuplicateCase:
    """A doubt about identity for a person to decide, with the evidence per CI."""

    kind: CaseKind
    why: str
    evidence: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Identified:
    """Identity's answer.

    `outcome` is match, new, conflict or ambiguous. `ci_id` is set for a match only. `matched_by`
    names set and identifier. A conflict or an ambiguity parks the observation; a new CI may bring a case.
    """

    outcome: str
    ci_id: int | None = None
    matched_by: str = ""
    case: DuplicateCase | None = None
    resurrected: bool = False
