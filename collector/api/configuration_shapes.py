"""What the API answers about configurations of devices."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from collector.api.shapes import Instant, Shape


class Version(Shape):
    """One configuration as it was read."""

    kind: str = Field(description="running or startup")
    sha256: str = Field(description="hash of the text, which names it")
    platform: str
    changed: str = Field(description="the device's own stamp of its last change; empty: it tells none")
    since: Instant = Field(None, description="when it was first seen")
    last_old: Instant = Field(None, description="when the one before was last seen; null: there was none")
    source: str
    size: int = Field(description="octets of UTF-8; 0: the text is not kept")
    is_current: bool


class Line(Shape):
    """One line; numbers from 1, 0 where it is not in that text."""

    edit: Literal[" ", "-", "+"]
    text: str
    old: int
    new: int


class Difference(Shape):
    """Groups of lines that lie together, with some around those that moved."""

    groups: list[list[Line]]
    came: int = Field(description="lines of the new text only")
    went: int = Field(description="lines of the old text only")
    is_cut: bool = Field(description="there are more than are told")
