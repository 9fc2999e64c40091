"""Regular expressions of definitions: RE2, which matches in time linear in the text whatever pattern or device say."""

from __future__ import annotations

import re
from typing import Any, Final

import re2

MAX_PATTERN: Final = 1000
_HOLE: Final = re.compile(r"\{(\w+)\}")


class BadPattern(ValueError):
    """A pattern that RE2 does not take."""


class Pattern:
    """One compiled pattern; `source` is how it was written."""

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str) -> None:
        if len(source) > MAX_PATTERN:
            raise BadPattern(f"longer than {MAX_PATTERN} characters")
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled: Any = re2.compile(source, options)
        except re2.error as error:
            raise BadPattern(f"{source}: {error}") from error
        self.source = source

    def found_in(self, text: str) -> bool:
        return self._compiled.search(text) is not None

    def extract(self, text: str, template: str | None = None) -> str | None:
        """Return `template` with `{1}` and `{name}` filled in; without one the group `value`, the first group that
        took part, or the whole match. None when nothing matches."""
        match = self._compiled.search(text)
        if match is None:
            return None
        if template is not None:
            return _filled(template, match)
        groups = [match.group("value")] if "value" in match.groupdict() else list(match.groups())
        return next((group for group in groups if group), None) if groups else str(match.group(0))


def _filled(template: str, match: Any) -> str:
    named = {**{str(at): group for at, group in enumerate(match.groups(), 1)}, **match.groupdict()}
    return _HOLE.sub(lambda hole: named.get(hole[1]) or "", template).strip()
