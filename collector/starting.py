"""What keeps a collector from starting, as the one line people see."""

from __future__ import annotations


class CannotStart(Exception):
    """The message is one line that says why and what to do."""

    exit_code = 3
