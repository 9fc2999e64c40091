"""Any other JSON as alerts, by `rules/inbound.yaml`: expressions of the rules' language over what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from collector.incident.foreign import FIRING, RESOLVED, ForeignAlert
from collector.language import BadExpression, Expression, Unknown, compile_expression
from collector.language.tree import Fault
from collector.services.inbound import reading
from collector.services.inbound.reading import BadAlert
from collector.yamlfile import Entry, read

FILE: Final = "inbound.yaml"
NAMES: Final = frozenset({"serial", "uuid", "fqdn", "ip", "zone", "name"})
_WORDS: Final = frozenset({"severity", "name", "title", "text", "started"})
_PATHS: Final = {"body": ("body",), "alert": ("alert",)}
MAX_KEYS: Final = 64
MAX_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Mapped:
    """How one system speaks. `words`: of ours → the expression that says it; `names`: kind of name → expression."""

    source: str
    each: Expression | None
    fingerprint: Expression
    resolved: Expression
    words: Mapping[str, Expression]
    names: Mapping[str, Expression]

    def alerts(self, body: Any, now: int) -> list[ForeignAlert]:
        """Return the alerts of a message; raise `BadAlert`."""
        rows = [body] if self.each is None else self._value(self.each, {"body": body, "alert": body})
        return [self._alert(body, reading.mapping(row, "alert"), now) for row in reading.several(rows, "each")]

    def _alert(self, body: Any, row: Mapping[str, Any], now: int) -> ForeignAlert:
        scope = {"body": body, "alert": row}
        key = reading.word(self._value(self.fingerprint, scope))
        if not key:
            raise BadAlert("what tells this alert from others is missing", "fingerprint")
        is_over = self._value(self.resolved, scope) is True
        said = {name: self._value(each, scope) for name, each in self.words.items()}
        names = {kind: reading.word(self._value(each, scope)) for kind, each in self.names.items()}
        name = reading.word(said.get("name")) or "alert"
        return ForeignAlert(
            self.source, key, RESOLVED if is_over else FIRING, reading.severity(said.get("severity")), name,
            reading.word(said.get("title")) or name, reading.moment(said.get("started"), "started") or now,
            reading.text(said.get("text")), labels=_labels(row),
            names={kind: value for kind, value in names.items() if value}, ended_at=now if is_over else None,
        )  # fmt: skip

    def _value(self, expression: Expression, scope: Mapping[str, Any]) -> Any:
        """Return what an expression says, None for what is not there; raise `BadAlert` for what does not fit."""
        try:
            said = expression.evaluate({"ci": {}, "param": {}, "now": 0, **scope})
        except Fault as error:
            raise BadAlert(f"{expression.source}: {str(error)[:200]}", "body") from None
        return None if isinstance(said, Unknown) else said


def load(folder: Path) -> dict[str, Mapped]:
    """Return name → how that system speaks, of a rules folder that need not have any; raise `BadFile`."""
    file = folder / FILE
    if not file.is_file():
        return {}
    entry = read(file)
    return {name: _mapped(name, entry.entry(name)) for name in entry}


def _mapped(name: str, entry: Entry) -> Mapped:
    if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum() and len(name) <= MAX_NAME):
        raise entry.bad("a name of letters, digits, dashes and underscores is expected")
    entry.only(frozenset({"fingerprint", "resolved"}), _WORDS | {"each", "names"})
    names = entry.entry("names")
    names.only(frozenset(), NAMES)
    return Mapped(
        name,
        _compiled(entry, "each") if "each" in entry else None,
        _compiled(entry, "fingerprint"),
        _compiled(entry, "resolved"),
        {key: _compiled(entry, key) for key in sorted(_WORDS & entry.keys())},
        {key: _compiled(names, key) for key in names},
    )


def _compiled(entry: Entry, key: str) -> Expression:
    try:
        return compile_expression(entry.text(key), _PATHS)
    except BadExpression as error:
        raise entry.bad(f"{key}: {error}", key) from error


def _labels(row: Mapping[str, Any]) -> dict[str, str]:
    flat = {name: value for name, value in row.items() if isinstance(value, str | int | float)}
    return dict(list(reading.labels(flat).items())[:MAX_KEYS])
