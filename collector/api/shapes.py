"""What the API answers with, field by field. Times are RFC 3339 in UTC, null for never; ids are short texts."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from collector.wording import time_text

T = TypeVar("T")


def instant(value: Any) -> Any:
    """Return epoch milliseconds as RFC 3339; 0 and None are never."""
    if isinstance(value, int):
        return time_text(value) if value else None
    return value


Instant = Annotated[str | None, BeforeValidator(instant), Field(json_schema_extra={"format": "date-time"})]


class Shape(BaseModel):
    """Reads the values of the services as they are."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class Paged(Shape, Generic[T]):
    """One page; `next_cursor` and `previous_cursor` go into `cursor` of the following request."""

    items: list[T]
    count: int = Field(description="how many match in all")
    next_cursor: str | None = Field(None, validation_alias="next")
    previous_cursor: str | None = Field(None, validation_alias="previous")


class CiName(Shape):
    """A CI as other things name it."""

    id: str = Field(validation_alias="uid")
    name: str
    ci_class: str = Field(serialization_alias="class")
    ci_type: str = Field(serialization_alias="type")


class Ci(CiName):
    """One CI of a list."""

    state: str
    environment: str
    label: str | None = None
    created_at: Instant = None
    last_seen: Instant = None
    open_findings: int = Field(0, validation_alias="findings")
    open_incidents: int = Field(0, validation_alias="incidents")
    problems: int = 0
    values: dict[str, Any] = Field(default_factory=dict, description="some current facts by dotted path")


class SectionState(Shape):
    """How one source's reading of a section stands."""

    source: str
    status: Annotated[str, BeforeValidator(lambda status: getattr(status, "name", status).lower())]
    reason: str
    last_try: Instant = None
    last_ok: Instant = None


class Fact(Shape):
    """One value, which source gave it, why it won, since when. An element's value has all its fields."""

    key: str
    value: Any = None
    source: str
    why: str
    since: Instant = None


class Section(Shape):
    """One section of a CI."""

    name: str
    is_record: bool
    sources: list[SectionState] = Field(validation_alias="states")
    facts: list[Fact] = Field(validation_alias="entries")


class CiWhole(Ci):
    """One CI with what it is made of."""

    agent: str | None = Field(None, description="id of the agent that sits on it")
    outcomes: dict[str, int] = Field(default_factory=dict, description="results of its rules")
    at: Instant = Field(None, description="the moment its sections are of; null: now")
    known_at: Instant = Field(None, description="as far as it was known then; null: now")
    sections: list[Section] = Field(default_factory=list)


class Step(Shape):
    """One value that moved: the value before was last seen at `last_before_at`; null before or after is absent."""

    at: Instant = None
    last_before_at: Instant = Field(None, validation_alias="last_old")
    section: str
    key: str
    before: Any = Field(None, validation_alias="old")
    after: Any = Field(None, validation_alias="new")
    source: str
    why: str


class Claim(Shape):
    """What one source says of a value."""

    source: str
    value: Any = None
    since: Instant = None
    confirmed_at: Instant = None


class Authorised(Shape):
    """The authorised value and its basis."""

    value: Any = None
    basis: str
    ref: str
    since: Instant = None


class Value(Shape):
    """The value that won."""

    value: Any = None
    source: str
    why: str
    since: Instant = None


class Why(Shape):
    """Why one value is so."""

    section: str
    key: str
    fact: Value | None = None
    claims: list[Claim] = Field(default_factory=list)
    authorised: Authorised | None = None
    steps: list[Step] = Field(default_factory=list)


class Relation(Shape):
    """`a` `kind` `b`, as in: PostgreSQL runs_on db-01."""

    a: CiName
    kind: str
    b: CiName
    source: str
    since: Instant = None


class Agent(Shape):
    """One agent; sizes in bytes, clock offset and CPU in milliseconds."""

    id: str = Field(validation_alias="uid")
    hostname: str
    state: str
    state_reason: str = ""
    address: str
    version: str
    enrolled_at: Instant = None
    last_seen: Instant = None
    certificate_until: Instant = None
    clock_offset_ms: int
    spool_depth: int
    dropped_total: int
    rss_bytes: int
    cpu_ms: int
    failing_sections: list[str]
    host: CiName | None = None


class Me(Shape):
    """Whoever asks."""

    name: str
    roles: list[str]
    permissions: list[str]


class EnrolmentToken(Shape):
    """A token, shown once, and the command that uses it."""

    token: str
    command: str


class Problem(Shape):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None


class Account(Shape):
    """One account."""

    name: str
    roles: list[str]
    state: str
    created_at: Instant = None


class LoginLink(Shape):
    """A path that logs an account in once, within 30 minutes; this is the only time it is seen."""

    name: str
    path: str
