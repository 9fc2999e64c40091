"""A rule made ready to run: its expressions compiled, typed against the section catalogue and the rule's constants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.facttypes import CI, CI_FIELDS, OWN, RECORD_FIELDS, of_params, row_of
from collector.language import ROOTS, BadExpression, Expression, FactPath, Window, compile_expression
from collector.language.types import BOOL, DYN, Type
from collector.model import Rule, Value
from collector.severity import SEVERITIES
from collector.wording import BadWording, places
from wire.sections import SECTIONS

WATCH = frozenset({"watches", "watch_due"})
"""What rules read of the watches of an agent that is a probe."""
CONDITIONS = frozenset({"match", "where", "expr", "recover", "severity"})
"""Keys whose expression says true or false."""


Sights = tuple[tuple[str, Expression], ...]
"""The name of a row, and a condition: a row of which all are false is out of sight."""


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
    """A rule and its code. `evidence` are the values worth keeping with a result, by the name a text calls them."""

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
    """True when its answer can move while no fact does."""
    overrides: Mapping[str, tuple[tuple[Expression, Value], ...]] = field(default_factory=dict)
    reads_record: bool = False
    """True when it goes by what people say in the record of a CI."""
    reads_reach: bool = False
    """True when it goes by how the CI can be reached."""
    windows: frozenset[Window] = frozenset()
    """What it looks back on."""
    chosen: Expression | None = None
    """The rows `where` holds for, in one go; None without a `where`, or where it cannot be said so."""
    sights: Mapping[str, Sights] = field(default_factory=dict)
    """Section → what it asks of its rows, by the name it gives one; a section it sees as a whole is not there."""
    reads_agent: bool = False
    """True when it goes by what is known of the CI's own agent, which moves without a word to the rules."""
    reads_watch: bool = False
    """True when it goes by the watches of a probe."""
    reads_blind: bool = False
    """True when it goes by which rules can read the CI no longer."""
    beside: frozenset[str] = frozenset()
    """Sections it does not go by, of which it keeps values with its alerts."""

    @property
    def id(self) -> str:
        return self.rule.id

    @property
    def is_paced(self) -> bool:
        """Whether the clock must ask it again: its answer can move while no section does."""
        return self.reads_time or self.reads_agent

    @property
    def conditions(self) -> tuple[Expression, ...]:
        """All that decides what it says of a CI, or of one row."""
        some = (self.match, self.where, self.expr, self.recover, *(condition for condition, _ in self.levels))
        return tuple(each for each in some if each is not None)

    @property
    def params(self) -> Mapping[str, Value]:
        return self.rule.params


def compile_rule(rule: Rule, recover: str | None = None, levels: Sequence[tuple[str, str]] = ()) -> CompiledRule:
    """Return `rule` ready to run; raise `BadRule`.

    `recover`: an alert that fires only ends when this holds too. `levels`: ordered (condition, severity).
    """
    for level in (rule.severity, *(level for _, level in levels)):
        if level not in SEVERITIES:
            raise BadRule(f"severity: {level} is none of {', '.join(SEVERITIES)}")
    each = _each(rule) if rule.each else None
    names = {each.variable: ("ci", each.section, "[]")} if each else {}
    build = _Builder(rule, names, {each.variable: row_of(each.section)} if each else {})
    expr = build("expr", rule.expr)
    back = build("recover", recover) if recover else None
    steps = tuple((build("severity", condition), level) for condition, level in levels)
    where = build("where", rule.where) if rule.where else None
    match = build("match", rule.match)
    judged = [expr, *([back] if back else []), *(condition for condition, _ in steps)]
    overrides = _overrides(rule)
    every = [match, *judged, *([where] if where else []), *([each.over, each.key] if each else [])]
    evidence = _evidence(build, judged, names)
    return CompiledRule(
        rule, match, expr, back, steps, each, where, evidence, _sections(every),
        any(ROOTS["now"] in one.reads for one in every),
        overrides, any(_is_of_record(path) for one in (*every, *_conditions(overrides)) for path in one.reads),
        any(path[:2] == ("ci", "reach") for one in every for path in one.reads),
        frozenset(window for one in every for window in one.windows), _chosen(build, each),
        _sights(rule, each, where, [match, *judged]),
        any(path[:2] == ("ci", "agent") for one in every for path in one.reads),
        reads_watch=any(path[:2] == ("ci", "agent") and WATCH & {*path[2:]} for one in every for path in one.reads),
        reads_blind=any(path[:2] == ("ci", "blind") for one in every for path in one.reads),
        beside=_sections([evidence[name] for name in (*rule.attach, *rule.related)]) - _sections(every),
    )  # fmt: skip


def _chosen(build: _Builder, each: Each | None) -> Expression | None:
    """Return the rows a rule is about as one expression: the loop over them is the most of what many rules do."""
    if each is None or build.rule.where is None:
        return None
    try:
        return build("each", f"{each.over.source}.filter({each.variable}, {build.rule.where})")
    except BadRule:  # longer or deeper than an expression may be
        return None


def _sights(rule: Rule, each: Each | None, where: Expression | None, others: Sequence[Expression]) -> dict[str, Sights]:
    """Return what a rule asks of the rows of each section of which it sees only those."""
    names = {each.variable: ("ci", each.section, "[]")} if each else {}
    every = [*others, *([where] if where else [])]
    found: dict[str, Sights] = {}
    for section in _sections(every) | ({each.section} if each else set()):
        own = () if each is None or each.section != section else ((each.variable, where),) if where else None
        asked = [one.asks_of(("ci", section), names) for one in every]
        if own is not None and None not in asked and not SECTIONS[section].is_record:
            found[section] = (*own, *(one for its in asked if its for one in its))
    return found


def compile_selector(source: str) -> Expression:
    """Return a condition over the CI's own fields, ready to run; raise `BadRule`.

    It is judged in a scope of `{"ci": its own fields}`.
    """
    try:
        expression = compile_expression(source, {}, {"ci": OWN}, BOOL)
    except BadExpression as error:
        raise BadRule(f"match: {error}") from error
    for path in expression.reads:
        if path[0] != "ci" or len(path) != 2 or path[1] not in CI_FIELDS:
            raise BadRule(f"match: no field of a CI: {'.'.join(path)}")
    return expression


def _overrides(rule: Rule) -> dict[str, tuple[tuple[Expression, Value], ...]]:
    return {
        name: tuple((compile_selector(condition), value) for condition, value in its)
        for name, its in rule.overrides.items()
    }


def _conditions(overrides: Mapping[str, tuple[tuple[Expression, Value], ...]]) -> Iterator[Expression]:
    return (condition for its in overrides.values() for condition, _ in its)


def _is_of_record(path: FactPath) -> bool:
    return len(path) == 2 and path[0] == "ci" and path[1] in RECORD_FIELDS


class _Builder:
    """Compiles the expressions of one rule; an error names the key it stands at."""

    def __init__(self, rule: Rule, names: Mapping[str, FactPath], rows: Mapping[str, Type]) -> None:
        self.rule = rule
        self._names = names
        self._types = {"ci": CI, "param": of_params(rule.params), **rows}

    def __call__(self, key: str, source: str) -> Expression:
        try:
            return compile_expression(source, self._names, self._types, BOOL if key in CONDITIONS else DYN)
        except BadExpression as error:
            raise BadRule(f"{key}: {error}") from error


def _each(rule: Rule) -> Each:
    variable, over, key = rule.each or ("", "", "")
    section = over.removeprefix("ci.")
    shape = SECTIONS.get(section)
    if shape is None or shape.is_record or over != f"ci.{section}":
        raise BadRule(f"each: {over} is no section of rows")
    if not variable.isidentifier() or variable in ROOTS:
        raise BadRule(f"each: {variable} cannot name an element")
    build = _Builder(rule, {variable: ("ci", section, "[]")}, {variable: row_of(section)})
    return Each(variable, section, build("each", over), build("each", key))


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
    kept = {name: _one_value(build, name, names) for name in (*build.rule.attach, *build.rule.related)}
    return {name: expression for name, expression in {**built, **kept}.items() if name not in own}


def _one_value(build: _Builder, name: str, names: Mapping[str, FactPath]) -> Expression:
    """Return what is kept with an alert: one field of the row it is about, or of a section that is one record."""
    value = build("incident", name)
    if not any(path[:1] == ("ci",) and path[1] in SECTIONS and name in _spelled(path, names) for path in value.reads):
        raise BadRule(f"incident: {name} is no value of a section that is one record, nor of the row it is about")
    return value


def _spelled(path: FactPath, names: Mapping[str, FactPath]) -> Iterator[str]:
    """Yield the name a text gives to `path`; nothing for the CI's own fields and for what has no one value."""
    for variable, stem in names.items():
        if path[: len(stem)] == stem and len(path) == len(stem) + 1:
            yield f"{variable}.{path[-1]}"
            return
    if path[0] in ("ci", "param") and len(path) == (3 if path[0] == "ci" else 2) and "[]" not in path:
        yield ".".join(path)
