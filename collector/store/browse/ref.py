"""A CI as other things name it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CiRef:
    """What a link to a CI needs."""

    uid: str
    name: str
    ci_class: str
    ci_type: str
    state: str = ""
