"""Why a value is so, and what is locked, as the API answers it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from collector.api import shapes
from collector.api.shapes import Instant, Shape, instant
from collector.reconcile import Weighed
from collector.services.because import Because
from collector.services.locks import MAX_REASON, Locked


class Counted(shapes.Claim):
    """A source's claim as it counts: a lower rank wins; stale after `ttl_ms`, passed over after `takeover_ms`."""

    rank: int
    mode: str = Field(description="authoritative, fill-if-empty or advisory")
    reason: dict[str, str] = Field(description="why it is believed so far, as the rule says it, by language")
    ttl_ms: int | None = None
    takeover_ms: int | None = None
    is_stale: bool
    is_silent: bool
    lost: str | None = Field(
        description="advisory, fills, silent, rank, lasts, earlier or name; null: it wins where nothing is locked"
    )


class Lock(Shape):
    """A value that is locked, and what sources say against it; `is_disputed` is to be settled before it ends."""

    section: str
    key: str
    value: Any
    holder: str
    since: Instant
    until: Instant
    reason: str
    change: str
    against: list[shapes.Claim]
    is_unsaid: bool = Field(description="no source says anything of it any more")
    is_disputed: bool


class Explained(shapes.Why):
    """Why one value is so: who says what, how far each is believed, which won, and the lock in their place."""

    weighed: list[Counted] = Field(default_factory=list)
    lock: Lock | None = None


class LockAsked(BaseModel):
    """A value to be locked; `value` null: as it stands."""

    model_config = ConfigDict(extra="forbid")

    section: str = Field(max_length=64)
    key: str = Field(max_length=4096)
    until: str = Field(max_length=40, description="RFC 3339, within 366 days")
    reason: str = Field(max_length=MAX_REASON)
    change: str = Field("", max_length=40, description="number of the change that calls for it")
    value: Any = None


class UnlockAsked(BaseModel):
    """A value that follows its sources again."""

    model_config = ConfigDict(extra="forbid")

    section: str = Field(max_length=64)
    key: str = Field(max_length=4096)
    reason: str = Field(max_length=MAX_REASON)


def lock(locked: Locked) -> Lock:
    its = locked.lock
    return Lock(
        section=its.path.section, key=its.path.key, value=its.value, holder=its.holder, since=instant(its.since),
        until=instant(its.expires_at), reason=its.reason, change=its.change, is_unsaid=locked.is_unsaid,
        against=[shapes.Claim.model_validate(each) for each in locked.against], is_disputed=locked.is_disputed,
    )  # fmt: skip


def explained(why: object, because: Because) -> Explained:
    return Explained.model_validate(why).model_copy(
        update={
            "weighed": [_counted(each) for each in because.weighed],
            "lock": lock(because.locked) if because.locked else None,
        }
    )


def _counted(each: Weighed) -> Counted:
    its, claim = each.of, each.claim
    return Counted(
        source=claim.source, value=claim.value, since=instant(claim.since), confirmed_at=instant(claim.confirmed_at),
        rank=its.rank, mode=its.mode, reason=dict(its.reason), ttl_ms=its.ttl_ms, takeover_ms=its.takeover_ms,
        is_stale=each.is_stale, is_silent=each.is_silent, lost=each.lost or None,
    )  # fmt: skip
