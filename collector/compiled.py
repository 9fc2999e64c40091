"""A rule made ready to run: its expressions compiled, every path they read known to the section catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.language import ROOTS, BadExpression, Expression, FactPath, compile_expression
from collector.model import Rule, Value
from collector.wording import BadWording, places
from wire.sections import SECTIONS

LEVELS = ("notice", "warning", "error", "critical")
"""Severities, the mildest first."""
CI_FIELDS = frozenset({"id", "uid", "name", "class", "type", "state", "environment"})
AGENT_FIELDS = frozenset({"last_seen", "version"})


class BadRule(ValueError):
    """A rule that can never be judged; the message names the key."""


@dataclass(frozen=True, slots=True)
class Each:
    """One instance an element of a section: `variable` names the element, `key` the instance."""

    variable: str
    section: str
    over: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule and its closures. `evidence` are the values worth keeping with a result, by the name a text calls them."""

    rule: Rule
    match: Expression
    expr: Expression
    recover: Expression | None
    levels: tuple[tuple[Expression, str], ...]
    each: Each | None
    where: Expression | None
    evidence: Mapping[str, Expression]
    sections: frozenset[str]
    """Every section an expression of it reads."""
    reads_time: bool
    """True when its answer, or an alert that waits for its `for`, can move while no fact does."""

    @property
    def id(self) -> str:
        return self.rule.id

    @property
    def params(self) -> Mapping[str, Value]:
        return self.rule.params


def compile_rule(rule: Rule, recover: str | None = None, levels: Sequence[tuple[str, str]] = ()) -> CompiledRule:
    """Return `rule` ready to run; raise `BadRule`.

    `recover`: an alert that fires only ends when this holds too. `levels`: ordered (condition, severity).
    """
    for level in (rule.severity, *(level for _, level in levels)):
        if level not in LEVELS:
            raise BadRule(f"severity: {level} is none of {', '.join(LEVELS)}")
    each = _each(rule) if rule.each else None
    names = {each.variable: ("ci", each.section, "[]")} if each else {}
    build = _Builder(rule, names)
    expr = build("expr", rule.expr)
    back = build("recover", recover) if recover else None
    steps = tuple((build("severity", condition), level) for condition, level in levels)
    where = build("where", rule.where) if rule.where else None
    match = build("match", rule.match)
    judged = [expr, *([back] if back else []), *(condition for condition, _ in steps)]
    every = [match, *judged, *([where] if where else []), *([each.over, each.key] if each else [])]
    return CompiledRule(
        rule, match, expr, back, steps, each, where, _evidence(build, judged, names), _sections(every),
        rule.hold_ms > 0 or any(ROOTS["now"] in one.reads for one in every),
    )  # fmt: skip


class _Builder:
    """Compiles the expressions of one rule; an error names the key it stands at."""

    def __init__(self, rule: Rule, names: Mapping[str, FactPath]) -> None:
        self.rule = rule
        self._names = names

    def __call__(self, key: str, source: str) -> Expression:
        try:
            expression = compile_expression(source, self._names)
        except BadExpression as error:
            raise BadRule(f"{key}: {error}") from error
        for path in expression.reads:
            if not _is_known(path, self.rule.params):
                raise BadRule(f"{key}: no such fact: {'.'.join(path)}")
        return expression


def _each(rule: Rule) -> Each:
    variable, over, key = rule.each or ("", "", "")
    section = over.removeprefix("ci.")
    shape = SECTIONS.get(section)
    if shape is None or shape.is_record or over != f"ci.{section}":
        raise BadRule(f"each: {over} is no section of rows")
    if not variable.isidentifier() or variable in ROOTS:
        raise BadRule(f"each: {variable} cannot name an element")
    build = _Builder(rule, {variable: ("ci", section, "[]")})
    return Each(variable, section, build("each", over), build("each", key))


def _is_known(path: FactPath, params: Mapping[str, Value]) -> bool:
    match path:
        case ("now",) | ("[]", *_):  # an element of something computed: seen when it runs
            return True
        case ("param", name) | ("param", name, "[]"):
            return name in params
        case ("ci", "agent", *rest):
            return not rest or (len(rest) == 1 and rest[0] in AGENT_FIELDS)
        case ("ci", name) if name in CI_FIELDS:
            return True
        case ("ci", name, *rest) if name in SECTIONS:
            return _is_field(name, tuple(rest))
        case _:
            return False


def _is_field(section: str, rest: FactPath) -> bool:
    shape = SECTIONS[section]
    if not shape.is_record:
        rest, element = rest[1:], rest[:1]
        if element not in ((), ("[]",)):
            return False
    if not rest:
        return True
    known = shape.fields.get(rest[0])
    return known is not None and (len(rest) == 1 or (known.kind == "texts" and rest[1:] == ("[]",)))


def _sections(expressions: Sequence[Expression]) -> frozenset[str]:
    paths = (path for one in expressions for path in one.reads)
    return frozenset(path[1] for path in paths if path[0] == "ci" and len(path) > 1 and path[1] in SECTIONS)


def _evidence(build: _Builder, judged: Sequence[Expression], names: Mapping[str, FactPath]) -> Mapping[str, Expression]:
    shown = {name for one in judged for path in one.reads for name in _spelled(path, names)}
    for text in (*build.rule.title.values(), *build.rule.summary.values()):
        try:
            shown |= places(text)
        except BadWording as error:
            raise BadRule(f"summary: {error}") from error
    own = {f"ci.{name}" for name in CI_FIELDS}  # every result names its CI already
    built = {name: build("summary", name) for name in sorted(shown)}
    return {name: expression for name, expression in built.items() if name not in own}


def _spelled(path: FactPath, names: Mapping[str, FactPath]) -> Iterator[str]:
    """Yield the name a text gives to `path`; nothing for the CI's own fields and for what has no one value."""
    for variable, stem in names.items():
        if path[: len(stem)] == stem and len(path) == len(stem) + 1:
            yield f"{variable}.{path[-1]}"
            return
    if path[0] in ("ci", "param") and len(path) == (3 if path[0] == "ci" else 2) and "[]" not in path:
        yield ".".join(path)
