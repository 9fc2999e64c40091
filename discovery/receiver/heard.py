"""One thing a device said, as it is understood, before it has a time and a count."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """Fields as in the section `events`. `fold`: what may differ between those that count as one is left out of it."""

    kind: str
    severity: str = "notice"
    object: str = ""
    actor: str = ""
    origin: str = ""
    message: str = ""
    source: str = ""
    oid: str = ""
    authentic: bool = False
    fold: str = ""
