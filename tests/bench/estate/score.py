"""Items the collector raised, held against the script: what was caught, what was missed, what was held falsely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from collector.model import Path, Verdict
from collector.store import schema
from tests.bench.estate.deed import Deed
from tests.bench.estate.play import Play
from tests.bench.estate.script import Script
from tests.bench.estate.world import Thing


@dataclass(frozen=True, slots=True)
class Raised:
    """One item as it was left. `against`: it stood against somebody once, or was put back."""

    finding: int
    ci_id: int
    path: Path
    field: str
    lo: int
    hi: int
    verdict: Verdict
    against: bool
    refused: str
    source: str

    def is_of(self, deed: Deed, ci_id: int) -> bool:
        named = (ci_id, deed.touch.path) == (self.ci_id, self.path)
        return named and self.field in ("", deed.touch.field) and self.lo <= deed.at <= self.hi


@dataclass(slots=True)
class Tally:
    """Of one kind of deed: how many there were, how many of them breaches, what became of them."""

    deeds: int = 0
    breaches: int = 0
    caught: int = 0
    as_it_ought: int = 0


@dataclass(slots=True)
class Score:
    """What the collector held, beside the truth. Lines are for people to read."""

    kinds: dict[str, Tally] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    beyond: list[bool] = field(default_factory=list)
    """Of each breach that is no drift by design: whether it was told all the same."""
    false_findings: int = 0
    right: int = 0
    things: int = 0
    days: int = 0

    @property
    def recall(self) -> float:
        breaches = sum(each.breaches for each in self.kinds.values())
        return sum(each.caught for each in self.kinds.values()) / breaches if breaches else 1.0

    @property
    def precision(self) -> float:
        held = self.right + len(self.false)
        return self.right / held if held else 1.0

    @property
    def dismissed(self) -> float:
        """Return findings that are false alone, per 1,000 things a week."""
        return self.false_findings * 1000 / self.things / (self.days / 7)


async def score(play: Play, script: Script) -> Score:
    """Return the score of a play that is over."""
    cis = {thing.name: (await play.ci(thing))[0] for thing in script.things}
    raised = await _raised(play)
    found = Score(things=script.size.things, days=script.size.days)
    by_ci: dict[int, list[Raised]] = {}
    for each in raised:
        by_ci.setdefault(each.ci_id, []).append(each)
    for deed in script.deeds:
        _count(found, deed, [each for each in by_ci.get(cis[deed.thing.name], ()) if each.is_of(deed, each.ci_id)])
    _weigh(found, raised, script.deeds, {cis[thing.name]: thing for thing in script.things}, cis)
    return found


async def _raised(play: Play) -> list[Raised]:
    item, finding = schema.finding_item.c, schema.finding.c
    joined = schema.finding_item.join(schema.finding).join(schema.path)
    joined = joined.join(schema.source, schema.source.c.id == item.source_id)
    wanted = select(
        item.finding_id, item.path_id, item.field, item.lo, item.hi, item.verdict, item.refused, finding.ci_id,
        schema.path.c.section, schema.path.c.key, schema.source.c.code,
    ).select_from(joined)  # fmt: skip
    async with play.store.read() as reader:
        rows = list(await reader.execute(wanted.order_by(item.finding_id, item.hi)))
    return [
        Raised(
            row.finding_id, row.ci_id, Path(row.section, row.key), row.field, row.lo, row.hi, Verdict(row.verdict),
            (row.finding_id, row.path_id, row.field, row.hi) in play.stood or row.verdict == Verdict.REVERTED,
            row.refused, row.code,
        )
        for row in rows
    ]  # fmt: skip


def _count(found: Score, deed: Deed, its: list[Raised]) -> None:
    tally = found.kinds.setdefault(deed.kind, Tally())
    tally.deeds += 1
    is_caught = any(each.against for each in its)
    if deed.beyond:
        found.beyond += [is_caught] if deed.breach else []
        tally.as_it_ought += not its or {each.verdict for each in its} <= deed.ought
        return
    tally.breaches += deed.breach
    tally.caught += deed.breach and is_caught
    if deed.breach and not is_caught:
        found.missed.append(_said(deed, its))
    verdicts = {each.verdict for each in its}
    if verdicts <= deed.ought and bool(verdicts) == bool(deed.ought):
        tally.as_it_ought += 1
    else:
        found.otherwise.append(_said(deed, its))


def _weigh(
    found: Score, raised: Iterable[Raised], deeds: Iterable[Deed], things: Mapping[int, Thing], cis: Mapping[str, int]
) -> None:
    by_ci: dict[int, list[Deed]] = {}
    for deed in deeds:
        by_ci.setdefault(cis[deed.thing.name], []).append(deed)
    true_ones, false_ones = set[int](), set[int]()
    for each in raised:
        if not each.against:
            continue
        its = [deed for deed in by_ci.get(each.ci_id, ()) if each.is_of(deed, each.ci_id)]
        if any(deed.breach for deed in its):
            found.right += 1
            true_ones.add(each.finding)
        else:
            false_ones.add(each.finding)
            found.false.append(_blamed(each, its, things))
    found.false_findings = len(false_ones - true_ones)


def _said(deed: Deed, its: Iterable[Raised]) -> str:
    held = ", ".join(f"{each.verdict} of {each.source} {each.refused}" for each in its) or "nothing was raised"
    ought = " or ".join(sorted(deed.ought)) or "nothing"
    path, name = deed.touch.path, deed.touch.field
    where = f"{deed.thing.name} {path.section} {path.key} {name} at {deed.at}"
    return f"{deed.kind}: {where}: {held}; ought: {ought}"


def _blamed(each: Raised, its: Iterable[Deed], things: Mapping[int, Thing]) -> str:
    name = things[each.ci_id].name if each.ci_id in things else f"CI {each.ci_id}"
    why = ", ".join(deed.kind for deed in its) or "nothing was done"
    return (
        f"{each.verdict}: {name} {each.path.section} {each.path.key} {each.field} [{each.lo}, {each.hi}] "
        f"of {each.source} {each.refused}; truth: {why}"
    )


def table(found: Score, script: Script, play: Play) -> str:
    """Return what happened and what was held of it, for people."""
    lines = [f"{'what was done':52} {'deeds':>6} {'breaches':>9} {'caught':>7} {'as it ought':>12}"]
    for kind, each in sorted(found.kinds.items()):
        lines.append(f"{kind:52} {each.deeds:6} {each.breaches:9} {each.caught:7} {each.as_it_ought:12}")
    lines += ["", *(f"{name}: {count}" for name, count in sorted((*script.told.items(), *play.counts.items())))]
    lines += ["", f"no drift by design: {len(found.beyond)} breaches, told all the same: {sum(found.beyond)}"]
    for title, told in (("missed", found.missed), ("false", found.false), ("held otherwise", found.otherwise)):
        lines += ["", f"{title}: {len(told)}", *(f"  {each}" for each in told)]
    return "\n".join(lines)
