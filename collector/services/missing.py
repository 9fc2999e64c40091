"""What a service says when the thing asked for is not there."""

from __future__ import annotations


class NotFound(LookupError):
    """There is no such thing; `kind` says of what, in the words of the API."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} {name}")
        self.kind = kind
