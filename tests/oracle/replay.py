"""A history through the stages of the product, as the pipeline calls them: each reading in the order they came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as File

from collector import drift, governance, history
from collector.change import approval, epoch, evidence
from collector.change.epoch import Cause, Look
from collector.change.evidence import Sight
from collector.change.sighting import Sighting
from collector.change.track import Acceptance, Followed, Track, follow
from collector.model import Path, Step, Value
from tests.oracle.histories import MARGINS, NEEDS, PATHS, History, Nod, Reading, Told, change_at

TABLE = governance.load(File(__file__).parents[2] / "rules" / "attributes.yaml")
Place = tuple[int, Path]


@dataclass
class Seen:
    """A step of a lane, and how many readings in a row showed what it led to."""

    step: Step
    ci_id: int
    times: int = 1


@dataclass
class Lane:
    """What one source said of one section: as it stands, when each key was confirmed last, and every step."""

    look: Look | None = None
    entries: dict[str, Value] = field(default_factory=dict)
    confirmed: dict[str, int] = field(default_factory=dict)
    whole_at: int = 0
    steps: dict[Path, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    late: list[tuple[Reading, Told]] = field(default_factory=list)


class Replay:
    """All lanes, and what each CI's arrival authorised."""

    def __init__(self, of: History, now: int) -> None:
        self._of, self._now = of, now
        self.lanes: dict[tuple[str, str], Lane] = defaultdict(Lane)
        self.arrived: dict[tuple[int, str], dict[Path, Value]] = {}
        for reading in sorted(of.readings, key=_in_turn):
            if reading.arrived <= now:
                self._take(reading)

    def followed(self) -> dict[Place, Followed]:
        """Return what each path of each CI comes to at `now`."""
        changes = [change for story in self._of.stories if (change := change_at(story, self._now))]
        places = [(ci_id, path) for ci_id in (1, 2) for path in PATHS]
        return {place: follow(self._track(place), changes, self._now, MARGINS) for place in places}

    # --- from readings to steps

    def _take(self, reading: Reading) -> None:
        is_merged = self._of.merged_at is not None and self._of.merged_at <= reading.arrived
        ci_id = 1 if is_merged else reading.home
        look = Look(ci_id, reading.spool, reading.seq, reading.revision)
        for section, told in reading.sections.items():
            if told.ok:
                self._tell(self.lanes[reading.source, section], section, told, look, reading)

    def _tell(self, lane: Lane, section: str, told: Told, look: Look, reading: Reading) -> None:
        why = epoch.cause(lane.look, look)
        if why is Cause.LATE:
            lane.late.append((reading, told))
            return
        at, after = reading.observed, entries(section, told)
        bracket = history.Bracket(at, at)
        for step in history.steps(section, lane.entries, after, bracket, complete=told.complete, cause=why):
            self._step(lane, step, look.ci_id, first=lane.look is None)
        self._confirm(lane, section, told, at, after)
        lane.look = look
        lane.entries = after if told.complete else lane.entries | after
        if why in {Cause.FIRST, Cause.MERGE}:
            held = {Path(section, key): held_part(Path(section, key), value) for key, value in lane.entries.items()}
            self.arrived.setdefault((look.ci_id, section), held)

    def _step(self, lane: Lane, step: Step, ci_id: int, *, first: bool) -> None:
        lo = step.hi if first else lane.confirmed.get(step.path.key, lane.whole_at)
        held = replace(step, old=held_part(step.path, step.old), new=held_part(step.path, step.new), lo=lo)
        if held.old != held.new:
            lane.steps[step.path].append(Seen(held, ci_id, times=0))

    def _confirm(self, lane: Lane, section: str, told: Told, at: int, after: dict[str, Value]) -> None:
        """Note what this reading says again: every key it names, and with a complete one that the others are absent."""
        lane.confirmed |= dict.fromkeys(after, at)
        if told.complete:
            lane.confirmed = dict.fromkeys(after, at)
            lane.whole_at = at
        elif lane.look is None:
            lane.whole_at = at
        for path, steps in lane.steps.items():
            if path.section == section and (told.complete or path.key in after):
                steps[-1].times += 1

    # --- from steps to a track

    def _track(self, place: Place) -> Track:
        ci_id, path = place
        sightings = [
            self._sighting(source, lane, seen)
            for (source, section), lane in self.lanes.items()
            if section == path.section
            for seen in lane.steps[path]
            if seen.ci_id == ci_id
        ]
        authorised = self.arrived.get((ci_id, path.section), {}).get(path)
        given = [*map(_acceptance, self._of.nods), *self._afterwards()]
        accepted = [each for nod, each in given if (nod.ci_id, nod.path) == place]
        tolerances = TABLE.policy(path.section).of_path(path.key)
        return Track(ci_id, path, authorised, tuple(sightings), tuple(accepted), tolerances)

    def _afterwards(self) -> Iterator[tuple[Nod, Acceptance]]:
        """Yield what changes accept that were made from what was found."""
        for story in self._of.stories:
            change, nod = change_at(story, self._now), story.answers
            at = change and approval.granted_at(change, self._now)
            if nod is not None and at is not None:
                yield nod, replace(_acceptance(nod)[1], at=at, reference=story.number)

    def _sighting(self, source: str, lane: Lane, seen: Seen) -> Sighting:
        step = seen.step
        late = [(reading.observed, told) for reading, told in lane.late if step.lo < reading.observed < step.hi]
        sights = [Sight(at, value) for at, told in late for value in sight(step.path, told)]
        traces = [trace for known, trace in self._of.traces if known <= self._now and trace.ci_id == seen.ci_id]
        closer = evidence.narrowed(step, sights, traces)
        return Sighting(source, closer.step, seen.times, closer.actor, closer.claimed, NEEDS.get(source, 1))


def entries(section: str, told: Told) -> dict[str, Value]:
    return history.entries(section, told.body, TABLE.policy(section))


def held_part(path: Path, value: Value) -> Value:
    return drift.controlled(path, value, TABLE)


def sight(path: Path, told: Told) -> Sequence[Value]:
    """Return what a late reading shows at `path`: one value, or none when it does not speak of it."""
    found = entries(path.section, told)
    return [held_part(path, found.get(path.key))] if told.complete or path.key in found else []


def _acceptance(nod: Nod) -> tuple[Nod, Acceptance]:
    return nod, Acceptance(nod.source, nod.field, nod.new, nod.hi, nod.at, f"nod {nod.at}")


def _in_turn(reading: Reading) -> tuple[int, str, int, int]:
    return reading.arrived, reading.source, reading.spool, reading.seq
