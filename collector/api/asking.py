"""What requests may ask: query parameters with bounds; a parameter nobody knows is an error, never ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from collector.store.browse.page import MAX_CURSOR, MAX_LIMIT, Window
from collector.store.browse.search import MAX_QUERY

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{1,64}$")]
Words = Annotated[list[Word], Field(max_length=20)]
Search = Annotated[str, Field(max_length=MAX_QUERY)]


class Asked(BaseModel):
    """Parameters every list knows."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=MAX_CURSOR)

    @property
    def window(self) -> Window:
        return Window(self.limit, self.cursor)


class CisAsked(Asked):
    """Filters of the list of CIs; several values of one mean any of them."""

    classes: Words = Field(default_factory=list, alias="class")
    types: Words = Field(default_factory=list, alias="type")
    states: Words = Field(default_factory=list, alias="state")
    environments: Words = Field(default_factory=list, alias="environment")
    q: Search = ""
    at: str | None = Field(None, max_length=40, description="RFC 3339: what was true then")
    known_at: str | None = Field(None, max_length=40, description="RFC 3339: as far as it was known then")
    sort: Literal["name", "-name", "class", "-class", "type", "-type", "state", "-state", "created", "-created"] = (
        "name"
    )


class HistoryAsked(Asked):
    section: Word | None = None
    key: str | None = Field(None, max_length=4096)
    arrival: bool = Field(True, description="whether what came with the CI's first words counts as moved")


_THEN = "RFC 3339: as it was then"


class RelationsAsked(Asked):
    kinds: Words = Field(default_factory=list, alias="kind")
    at: str | None = Field(None, max_length=40, description="RFC 3339: those that stood then")
    known_at: str | None = Field(None, max_length=40, description="RFC 3339: as far as it was known then")
    q: Search = Field("", description="of CIs that match this")


class AgentsAsked(Asked):
    states: list[Literal["active", "silent", "banned", "retired"]] = Field(default_factory=list, alias="state")
    q: Search = ""
    sort: Literal["hostname", "-hostname", "seen", "-seen", "enrolled", "-enrolled"] = "hostname"


class FindingsAsked(Asked):
    states: list[Literal["open", "closed"]] = Field(default_factory=list, alias="state")
    verdicts: Words = Field(default_factory=list, alias="verdict")
    to_put_back: bool = Field(False, description="only those somebody is to put back")
    assignee: str = Field("", max_length=200, description="only those this account is to put back")
    overdue: bool = Field(False, description="only those that should be put back by now")
    at: str | None = Field(None, max_length=40, description=f"{_THEN}, with the verdict known then")
    known_at: str | None = Field(None, max_length=40, description="RFC 3339: with the verdict known then, beside `at`")
    q: Search = ""


class IncidentsAsked(Asked):
    """Filters of the list of incidents; state `open` stands for every one in which it is not resolved."""

    states: Words = Field(default_factory=list, alias="state")
    severities: Words = Field(default_factory=list, alias="severity")
    kinds: Words = Field(default_factory=list, alias="kind")
    priorities: Words = Field(default_factory=list, alias="priority")
    sources: Words = Field(default_factory=list, alias="source")
    classes: Words = Field(default_factory=list, alias="class")
    lines: list[Annotated[int, Field(ge=1, le=3)]] = Field(default_factory=list, alias="line", max_length=3)
    assignee: str = Field("", max_length=200)
    unassigned: bool = False
    overdue: bool = Field(False, description="only those one of whose clocks has run out")
    at: str | None = Field(None, max_length=40, description=f"{_THEN}: each in its state, line and hands of then")
    escalated: bool = Field(False, description="only those one of whose clocks ever ran out")
    q: Search = ""


class ProblemsAsked(Asked):
    states: Words = Field(default_factory=list, alias="state")
    owner: str = Field("", max_length=200)
    q: Search = ""


class ChangesAsked(Asked):
    at: str | None = Field(None, max_length=40, description=f"{_THEN}: each in its state of then")
    types: Words = Field(default_factory=list, alias="type")
    states: Words = Field(default_factory=list, alias="state")
    who: str = Field("", max_length=100, description="name of an account that takes part in it")
    unverified: bool = Field(False, description="only those of which nobody saw something a day after the work")
    q: Search = ""


class CasesAsked(Asked):
    states: Words = Field(default_factory=list, alias="state")


class ResultsAsked(Asked):
    outcomes: list[Literal["PASS", "PROBLEM", "UNKNOWN", "ERROR", "N/A", "WAIVED"]] = Field(
        default_factory=list, alias="outcome"
    )
    rules: Words = Field(default_factory=list, alias="rule")
    q: Search = ""


class AlertsAsked(Asked):
    states: list[Literal["pending", "firing", "recovering", "ok"]] = Field(default_factory=list, alias="state")
    reasons: Words = Field(default_factory=list, alias="suppressed", description="what holds them back")
    rules: Words = Field(default_factory=list, alias="rule")
    acknowledged: bool | None = Field(None, description="false: it fires, nothing holds it back, nobody has seen it")
    q: Search = ""


class SweepsAsked(Asked):
    plan: Word | None = Field(None, description="id of a plan")


class TargetsAsked(Asked):
    cause: Word | None = None
    stage: Literal["sweep", "fingerprint", "authenticate", "identify", "explore"] | None = None
    well: bool = Field(False, description="only targets nothing failed on")


class PinsAsked(Asked):
    state: Literal["changed", "new", "pinned"] | None = None


class AuditAsked(Asked):
    """Filters of the audit log; times are RFC 3339, `until` is beyond."""

    actor: Search = ""
    actions: Words = Field(default_factory=list, alias="action", description="plan.create, or plan for all of them")
    object: Search = Field("", description="kind/name")
    since: str | None = Field(None, max_length=40)
    until: str | None = Field(None, max_length=40)
    q: Search = ""


class EventsAsked(Asked):
    """Filters of the list of events; times are RFC 3339 with their offset, `until` is beyond."""

    ci: Word | None = Field(None, description="id of a CI")
    kinds: Words = Field(default_factory=list, alias="kind")
    severities: Words = Field(default_factory=list, alias="severity")
    address: str = Field("", max_length=45)
    since: str | None = Field(None, max_length=40)
    until: str | None = Field(None, max_length=40)
    q: Search = ""


def moment(text: str | None, name: str) -> int | None:
    """Return an RFC 3339 time (with its offset) as ms; raise `RequestValidationError` for anything else."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("no offset")
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        place = {"loc": ("query", name), "msg": "an RFC 3339 time with its offset expected", "type": "value_error"}
        raise RequestValidationError([place]) from error
