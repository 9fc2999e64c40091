"""What a person asked for and cannot have."""

from __future__ import annotations


class Refused(ValueError):
    """It cannot be done as asked: the message is a sentence for people, `field` the input it is about, or empty."""

    def __init__(self, why: str, field: str = "") -> None:
        super().__init__(why)
        self.field = field
