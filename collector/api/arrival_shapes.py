"""Rules that accept newcomers, as the API takes and answers them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collector.api.asking import moment
from collector.api.shapes import Instant, Shape, instant
from collector.services.arrival_rules import Left, Listed, RuleRow
from collector.services.arrival_terms import MAX_NAME, MAX_RANGES, Asked
from collector.services.arrivals import MOST, Candidate, Fit

Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,40}$")]
Range = Annotated[str, StringConstraints(max_length=100)]
Said = Annotated[str, StringConstraints(max_length=400)]


class TermsAsked(BaseModel):
    """Which newcomers a rule is about; without a type: any of the class; without ranges: a whole zone with a name."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    ci_class: Word = Field(alias="class")
    ci_type: Word = Field("", alias="type")
    zone: str = Field("", max_length=64)
    within: list[Range] = Field(
        default_factory=list,
        alias="range",
        max_length=MAX_RANGES,
        description="192.0.2.0/24, first-last or one address",
    )

    @property
    def terms(self) -> Asked:
        return Asked("-", self.ci_class, self.ci_type, self.zone, tuple(self.within))


class ArrivalRuleAsked(BaseModel):
    """A rule as somebody asks for it. It is off until it is turned on, and after every change."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str = Field(max_length=MAX_NAME)
    ci_class: Word = Field(alias="class")
    ci_type: Word = Field("", alias="type")
    zone: str = Field("", max_length=64)
    ranges: list[Range] = Field(default_factory=list, max_length=MAX_RANGES)
    gives: dict[str, Said] = Field(
        default_factory=dict, max_length=16,
        description="owner, department, contact, place, environment: said of what is accepted where nobody said any",
    )  # fmt: skip
    ends: str | None = Field(None, max_length=40, description="RFC 3339: it accepts nobody from then on")

    @property
    def asked(self) -> Asked:
        return Asked(
            self.name, self.ci_class, self.ci_type, self.zone, tuple(self.ranges), self.gives, moment(self.ends, "ends")
        )  # fmt: skip


class ArrivalRuleChanged(ArrivalRuleAsked):
    """The same, of the version somebody looked at."""

    version: int


class ListedShape(BaseModel):
    """A newcomer as it was listed."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: str = Field(max_length=64)
    ci_class: Word = Field(alias="class")
    ci_type: Word = Field(alias="type")

    @property
    def listed(self) -> Listed:
        return Listed(self.id, self.ci_class, self.ci_type)


class TurnedOnAsked(BaseModel):
    """Which version is turned on, and which of those that wait it accepts at once, as they were listed."""

    model_config = ConfigDict(extra="forbid")

    version: int
    accept: list[ListedShape] = Field(default_factory=list, max_length=MOST)


class ArrivalRuleShape(Shape):
    """A rule, or a version of it, and how it stands."""

    number: str
    version: int
    name: str
    ci_class: str = Field(serialization_alias="class")
    ci_type: str | None = Field(serialization_alias="type")
    zone: str
    ranges: list[str]
    gives: dict[str, str]
    state: str = Field(description="on, off, over, or orphaned: its maker administers the class no more")
    on_since: Instant
    ends: Instant
    made_by: str
    since: Instant = Field(description="when this version began")
    until: Instant = Field(description="when another one followed; null: it stands")


class CandidateShape(Shape):
    """A newcomer a rule is about; `why` it is left: doubt, class, elsewhere, identifier; null: it is accepted."""

    id: str
    name: str
    ci_class: str = Field(serialization_alias="class")
    ci_type: str = Field(serialization_alias="type")
    addresses: list[str] = Field(description="where it was reached, as far as the collector knows")
    why: str | None


class FitShape(Shape):
    """What a rule would do to what waits now: the first of each kind; `fitting` and `leaving` count them all."""

    fits: list[CandidateShape]
    left: list[CandidateShape]
    fitting: int
    leaving: int
    is_more: bool = Field(description="so many wait that not all were looked at: the counts are of those that were")


class LeftShape(Shape):
    """One that was listed and is left: as of a candidate, or changed, gone, other."""

    id: str
    why: str


class TurnedOn(Shape):
    accepted: int
    left: list[LeftShape]


def rule(row: RuleRow) -> ArrivalRuleShape:
    its = row.rule
    return ArrivalRuleShape(
        number=its.number, version=its.version, name=its.name, ci_class=its.ci_class, ci_type=its.ci_type or None,
        zone=its.zone, ranges=list(its.within), gives=dict(its.gives), state=row.stand,
        on_since=instant(its.on_since), ends=instant(its.ends_at), made_by=its.made_by, since=instant(row.since),
        until=instant(row.until),
    )  # fmt: skip


def fit(found: Fit) -> FitShape:
    return FitShape(
        fits=[_candidate(each) for each in found.fits], left=[_candidate(each) for each in found.left],
        fitting=found.fitting, leaving=found.leaving, is_more=found.is_more,
    )  # fmt: skip


def left(each: Left) -> LeftShape:
    return LeftShape(id=each.listed.uid, why=each.why)


def _candidate(its: Candidate) -> CandidateShape:
    return CandidateShape(
        id=its.uid, name=its.name, ci_class=its.ci_class, ci_type=its.ci_type, addresses=list(its.addresses),
        why=its.why or None,
    )  # fmt: skip
