"""Random expressions over `facts`, of a wanted type: what a person could have written, and what nobody would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from collector.language.types import BOOL, DOUBLE, INT, SPAN, TEXT, TIME, Type, list_of
from tests.language.facts import HOST, PARAM, PORT, REALS, TIMES, WHOLES, WORDS

TEXTS = list_of(TEXT)
SPANS = ["1h", "90s", "1h30m", "1.5s", "500ms", "0s", "-2m", "87660000h", "soon", "1d"]
PATTERNS = ["a", "^a", "b$", "[0-9]+", "(?i)AB", ".", "^$", "a|b", "x\\.y", "\\d", "^(a+)+$", "备"]
ZONES = ["Asia/Shanghai", "+08:00", "-02:30", "UTC"]
PARTS = ["FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear", "Hours", "Minutes", "Seconds",
         "Milliseconds"]  # fmt: skip
ILL = ["{0} == {1}", "{1} < {0}", "!{0}", "{2} + {0}", "{1} - {1}", "size({0})", "{1} ? {2} : {2}", "{0} in [{1}]",
       "{0} && {2}", "{1} * {0}", "-{1}", "-{2}", "{0}.startsWith({1})", "[{0}].exists(z, z)", "{1}[0]",
       "duration({0}) > now", "{2} in {1}", "now + now", "int({2})", "{0} % 1.5"]  # fmt: skip
"""Of a whole number, a text and a truth value: what never fits."""


def quoted(random: Random, text: str) -> str:
    """Return a literal of `text`."""
    if not {"\n", "'", "\\"} & {*text} and random.random() < 0.3:
        return f"r'{text}'"
    return "".join(["'", *(_ESCAPES.get(sign, sign) for sign in text), "'"])


_ESCAPES = {"'": "\\'", "\\": "\\\\", "\n": "\\n", '"': '\\"'}


class Maker:
    """Makes expressions. `rows` and `words` are the variables of macros around, over ports and over texts."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.rows: list[str] = []
        self.words: list[str] = []

    def condition(self) -> str:
        """Return something true or false, or something nobody can compile."""
        if self.random.random() < 0.03:
            ill = self.random.choice(ILL).format(self._whole(), self._word(), self.random.choice(["true", "false"]))
            return self.random.choice([ill, f"({ill}) == ({ill})"])
        return self.of(BOOL, self.random.randrange(1, 5))

    def of(self, kind: Type, depth: int) -> str:
        """Return an expression of `kind` with up to `depth` levels."""
        if depth <= 0 or self.random.random() < 0.15:
            return self._leaf(kind)
        return self._pick(_MAKERS[kind])(self, depth - 1)

    def _pick(self, among: Mapping[Callable[[Maker, int], str], int]) -> Callable[[Maker, int], str]:
        return self.random.choices(list(among), list(among.values()))[0]

    # --- leaves

    def _leaf(self, kind: Type) -> str:
        if kind in _CONSTANTS and self.random.random() < 0.35:
            return _CONSTANTS[kind](self)
        fields = self._fields(kind)
        if kind == TEXT and self.words and self.random.random() < 0.5:
            return self.random.choice(self.words)
        return self.random.choice(fields) if fields else _CONSTANTS[kind](self)

    def _fields(self, kind: Type) -> list[str]:
        own = {BOOL: [], INT: ["ci.rank"], TEXT: ["ci.name"], TIME: ["now"]}.get(kind, [])
        host = [f"ci.host.{name}" for name, its in HOST.items() if its == kind]
        param = [f"param.{name}" for name, its in PARAM.items() if its == kind]
        rows = [f"{row}.{name}" for row in self.rows for name, its in PORT.items() if its == kind]
        strays = [
            f"ci.ports[{self.random.choice([0, 0, 1, 5, -1])}].{name}" for name, its in PORT.items() if its == kind
        ]
        return [*own, *host, *param, *rows, *rows, *strays[:1]]

    def _whole(self) -> str:
        return str(self.random.choice(WHOLES))

    def _real(self) -> str:
        return repr(self.random.choice(REALS)).replace("1e10", "1e+10")

    def _word(self) -> str:
        return quoted(self.random, self.random.choice(WORDS))

    def _words(self) -> str:
        return f"[{', '.join(self._word() for _ in range(self.random.randrange(1, 4)))}]"

    def _moment(self) -> str:
        return f"timestamp({quoted(self.random, self.random.choice(TIMES[:3]))})"

    def _span(self) -> str:
        return f"duration({quoted(self.random, self.random.choice(SPANS[:7]))})"

    def _around(self, source: str) -> str:
        return f"({source})" if self.random.random() < 0.5 else source

    # --- true or false

    def both(self, depth: int) -> str:
        sign = self.random.choice(["&&", "||"])
        return self._around(f" {sign} ".join(self.of(BOOL, depth) for _ in range(self.random.choice([2, 2, 3]))))

    def negation(self, depth: int) -> str:
        return f"!({self.of(BOOL, depth)})"

    def compared(self, depth: int) -> str:
        kind = self.random.choice([INT, INT, DOUBLE, DOUBLE, TEXT, TEXT, TIME, SPAN, BOOL])
        sign = self.random.choice(["==", "!=", "<", "<=", ">", ">="])
        left, right = self.of(kind, depth), self.of(kind, depth)
        return f"({left}) {sign} ({right})" if kind == BOOL else f"{left} {sign} {right}"

    def mixed(self, depth: int) -> str:
        sign = self.random.choice(["==", "!=", "<", "<=", ">", ">="])
        sides = [self.random.choice(self._fields(INT)), self.random.choice(self._fields(DOUBLE))]
        self.random.shuffle(sides)
        return f" {sign} ".join(sides)

    def lists_equal(self, depth: int) -> str:
        return f"{self.of(TEXTS, depth)} {self.random.choice(['==', '!='])} {self.of(TEXTS, depth)}"

    def contained(self, depth: int) -> str:
        if self.random.random() < 0.3:
            kind = self.random.choice([INT, DOUBLE, BOOL])
            return f"({self.of(kind, 0)} in [{self.of(kind, depth)}, {self.of(kind, 0)}])"
        if self.random.random() < 0.2:
            return f"({self._word()} in ci.host)"
        return f"({self.of(TEXT, depth)} in {self.of(TEXTS, depth)})"

    def present(self, depth: int) -> str:
        return self.random.choice(["has(ci.host)", "has(ci.name)", *(f"has({each})" for each in self._paths())])

    def _paths(self) -> list[str]:
        return [f"ci.host.{name}" for name in HOST] + [f"{row}.{name}" for row in self.rows for name in PORT]

    def asked(self, depth: int) -> str:
        method = self.random.choice(["startsWith", "endsWith", "contains"])
        return f"({self.of(TEXT, depth)}).{method}({self.of(TEXT, 0)})"

    def matched(self, depth: int) -> str:
        wanted = (
            quoted(self.random, self.random.choice(PATTERNS)) if self.random.random() < 0.9 else self._read(TEXT, 0)
        )
        text = self.of(TEXT, depth)
        return f"matches({text}, {wanted})" if self.random.random() < 0.3 else f"({text}).matches({wanted})"

    def quantified(self, depth: int) -> str:
        return self._over(self.random.choice(["exists", "all", "exists_one"]), BOOL, depth)

    def _over(self, macro: str, body: Type, depth: int) -> str:
        """Return a macro over ports or texts, at most two inside each other."""
        held = self.rows + self.words
        if len(held) >= 2:
            return self._leaf(BOOL)
        variable = "xy"[len(held)]
        among, over = (self.rows, "ci.ports") if self.random.random() < 0.6 else (self.words, self.of(TEXTS, 1))
        if macro in ("filter", "map"):  # they give texts here
            among, over = self.words, self.of(TEXTS, 1)
        among.append(variable)
        inside = self.of(body, depth)
        among.pop()
        return f"{over}.{macro}({variable}, {inside})"

    def either(self, depth: int, kind: Type = BOOL) -> str:
        return f"({self.of(BOOL, depth)} ? {self.of(kind, depth)} : {self.of(kind, depth)})"

    # --- numbers

    def _calculated(self, depth: int, kind: Type, signs: str) -> str:
        return self._around(f"{self.of(kind, depth)} {self.random.choice(signs)} {self._right(kind, depth)}")

    def _right(self, kind: Type, depth: int) -> str:
        right = self.of(kind, depth)
        return f"({right})" if right.startswith("-") else right

    def whole_sum(self, depth: int) -> str:
        return self._calculated(depth, INT, "+-*/%")

    def real_sum(self, depth: int) -> str:
        return self._calculated(depth, DOUBLE, "+-*/")

    def whole_minus(self, depth: int) -> str:
        return f"-({self.of(INT, depth)})"

    def real_minus(self, depth: int) -> str:
        return f"-({self.of(DOUBLE, depth)})"

    def counted(self, depth: int) -> str:
        of = self.random.choice([self.of(TEXT, depth), self.of(TEXTS, depth), "ci.ports", "ci.host.tags"])
        return f"size({of})" if self.random.random() < 0.7 else f"({of}).size()"

    def to_whole(self, depth: int) -> str:
        return f"int({self._read(self.random.choice([TEXT, DOUBLE, INT, TIME]), depth)})"

    def to_real(self, depth: int) -> str:
        return f"double({self._read(self.random.choice([TEXT, DOUBLE, INT]), depth)})"

    def _read(self, kind: Type, depth: int) -> str:
        """Return something to read a number or a pattern from; no constant, which ours may refuse before it runs."""
        return f"{self.of(TEXT, depth)} + ''" if kind == TEXT else self.of(kind, depth)

    def part(self, depth: int) -> str:
        if self.random.random() < 0.3:
            return f"({self.of(SPAN, depth)}).get{self.random.choice(PARTS[-4:])}()"
        zone = quoted(self.random, self.random.choice(ZONES)) if self.random.random() < 0.4 else ""
        return f"({self.of(TIME, depth)}).get{self.random.choice(PARTS)}({zone})"

    # --- texts and lists

    def joined(self, depth: int) -> str:
        return self._around(f"{self.of(TEXT, depth)} + {self.of(TEXT, depth)}")

    def to_text(self, depth: int) -> str:
        kind = self.random.choice([INT, BOOL, TEXT, TIME, SPAN, DOUBLE])
        return f"string({self.of(kind, 0 if kind == DOUBLE else depth)})"

    def element(self, depth: int) -> str:
        return f"{self.of(TEXTS, 0)}[{self.of(INT, min(depth, 1))}]"

    def keyed(self, depth: int) -> str:
        key = self.random.choice(["family", "name", "none"])
        return f"{{'name': {self.of(TEXT, depth)}, 'family': {self.of(TEXT, 0)}}}['{key}']"

    def chosen(self, depth: int) -> str:
        return self._over("filter", BOOL, depth) if len(self.rows + self.words) < 2 else self._leaf(TEXTS)

    def mapped(self, depth: int) -> str:
        return self._over("map", TEXT, depth) if len(self.rows + self.words) < 2 else self._leaf(TEXTS)

    def listed(self, depth: int) -> str:
        return f"[{', '.join(self.of(TEXT, depth) for _ in range(self.random.randrange(1, 4)))}]"

    def lists_joined(self, depth: int) -> str:
        return f"({self.of(TEXTS, depth)} + {self.of(TEXTS, 0)})"

    # --- times and durations

    def read(self, depth: int) -> str:
        if self.random.random() < 0.3:
            return f"timestamp({self.of(INT, depth)})"
        return f"timestamp({self.random.choice(['ci.host.seen', quoted(self.random, self.random.choice(TIMES[:3]))])})"

    def moved(self, depth: int) -> str:
        return f"({self.of(TIME, depth)} {self.random.choice('+-')} {self.of(SPAN, depth)})"

    def between(self, depth: int) -> str:
        return f"({self.of(TIME, depth)} - {self.of(TIME, depth)})"

    def spans(self, depth: int) -> str:
        return f"({self.of(SPAN, depth)} {self.random.choice('+-')} {self.of(SPAN, depth)})"


_CONSTANTS: Mapping[Type, Callable[[Maker], str]] = {
    BOOL: lambda maker: maker.random.choice(["true", "false"]), INT: Maker._whole, DOUBLE: Maker._real,
    TEXT: Maker._word, TEXTS: Maker._words, TIME: Maker._moment, SPAN: Maker._span,
}  # fmt: skip


def _either(kind: Type) -> Callable[[Maker, int], str]:
    return lambda maker, depth: maker.either(depth, kind)


_MAKERS: Mapping[Type, Mapping[Callable[[Maker, int], str], int]] = {
    BOOL: {Maker.both: 6, Maker.negation: 2, Maker.compared: 8, Maker.mixed: 1, Maker.lists_equal: 1,
           Maker.contained: 3, Maker.present: 2, Maker.asked: 2, Maker.matched: 2, Maker.quantified: 5,
           _either(BOOL): 1},
    INT: {Maker.whole_sum: 5, Maker.whole_minus: 1, Maker.counted: 2, Maker.to_whole: 2, Maker.part: 2,
          _either(INT): 1},
    DOUBLE: {Maker.real_sum: 5, Maker.real_minus: 1, Maker.to_real: 2, _either(DOUBLE): 1},
    TEXT: {Maker.joined: 3, Maker.to_text: 2, Maker.element: 2, Maker.keyed: 1, _either(TEXT): 1},
    TEXTS: {Maker.chosen: 2, Maker.mapped: 2, Maker.listed: 2, Maker.lists_joined: 1, _either(TEXTS): 1},
    TIME: {Maker.read: 3, Maker.moved: 2, _either(TIME): 1},
    SPAN: {Maker.between: 2, Maker.spans: 2, _either(SPAN): 1},
}  # fmt: skip
