"""What the API answers about sweeps, plans of sweeps and credentials, and what it takes to make one."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from collector.api.shapes import CiName, Instant, Shape

T = TypeVar("T")
Text = Annotated[str, Field(max_length=64)]
Range = Annotated[str, Field(min_length=1, max_length=100, description="10.1.0.0/24, 10.1.4.10-10.1.4.80, an address")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Part(Shape, Generic[T]):
    """Some of a list; `next_cursor` goes into `cursor` of the following request, null: that was all."""

    items: list[T]
    next_cursor: str | None = None


class Strict(BaseModel):
    """A field nobody knows is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Window(Strict):
    """A time of day in which nothing is swept; it may pass midnight. No day: every day."""

    begins: TimeOfDay = Field(alias="from")
    ends: TimeOfDay = Field(alias="to")
    days: list[Day] = Field(default_factory=list, max_length=7)


class Settings(Strict):
    """What is swept, and how."""

    ranges: list[Range] = Field(min_length=1, max_length=10_000)
    exclusions: list[Range] = Field(default_factory=list, max_length=1000)
    until: Literal["alive", "identify", "explore"] = "identify"
    rate: int = Field(500, ge=1, le=20_000, description="datagrams and connections a second, at most")
    timeout_ms: int = Field(
        0, ge=0, le=30_000, description="milliseconds until a first answer is given up; 0: as the probe does"
    )
    snmp_port: Port = 161
    ports: dict[Literal["ssh", "redfish", "nut"], Port] = Field(
        default_factory=dict, description="TCP ports of services that are not on their usual ones"
    )
    blackout: list[Window] = Field(default_factory=list, max_length=50)

    def plain(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True)


class PlanAsked(Strict):
    """A plan."""

    name: str = Field(min_length=1, max_length=100)
    zone: Text = ""
    settings: Settings
    schedule: str = Field("", max_length=100, description="cron, five fields, in the collector's zone; empty: by hand")


class SweepAsked(Strict):
    """Start a sweep of this plan."""

    plan: Text = Field(description="id of the plan")


class Sweep(Shape):
    """One sweep; `counts`: targets planned, that have come as far as each stage, alive, identified, failed."""

    id: str = Field(validation_alias="uid")
    plan: str | None = Field(None, description="id of its plan; null: it was removed, or there was none")
    plan_name: str | None = Field(None, description="what its plan is or was called; null: a single look, a trial")
    zone: str
    settings: dict[str, Any]
    state: str
    reason: str
    asked_by: str
    asked_at: Instant = None
    started_at: Instant = None
    ended_at: Instant = None
    heard_at: Instant = None
    counts: dict[str, int]
    agent: str | None = Field(None, description="id of the probe")
    agent_name: str | None = None


class Plan(Shape):
    """One plan of sweeps."""

    id: str = Field(validation_alias="uid")
    name: str
    zone: str
    settings: dict[str, Any]
    schedule: str
    created_at: Instant = None
    created_by: str
    next_at: Instant = Field(None, description="null: by hand only")
    last: Sweep | None = Field(None, description="its newest sweep")


class Target(Shape):
    """One target's end. `cause` is null when nothing failed; `credential` is the id of the one that was accepted."""

    address: str
    stage: str
    cause: str | None = None
    detail: str = ""
    credential: str | None = None
    found: dict[str, Any] = Field(default_factory=dict, description="class, type, vendor, model, serial, name …")
    at: Instant = None
    took_ms: int = 0
    ci: CiName | None = None


class TrialAsked(Strict):
    """Try the credential on this address."""

    address: str = Field(max_length=64)
    zone: Text = ""


class Trial(Shape):
    """A credential tried on one address."""

    id: str = Field(validation_alias="uid", description="also the id of its sweep")
    credential: str
    address: str
    zone: str
    state: str
    reason: str
    asked_by: str
    asked_at: Instant = None
    ended_at: Instant = None
    accepted: bool | None = Field(description="null: not known yet, or nothing came of it")
    cause: str = Field(description="why not, one typed word, or what went wrong after it was accepted; empty: nothing")
    detail: str
    found: dict[str, Any]


class UnknownModel(Shape):
    """Devices no definition knows, with one sysObjectID and one maker; what they do not tell is empty."""

    object_id: str
    vendor: str
    description: str
    count: int
    examples: list[CiName]
    sample_of: CiName | None = Field(None, description="the CI a sample was taken of; null: none yet")


class Subnet(Shape):
    """One subnet of a sweep in numbers; `failed` counts by cause."""

    subnet: str
    targets: int
    alive: int
    identified: int
    failed: dict[str, int]


class ScopeAsked(Strict):
    """Where a credential may be sent; no zone or vendor: any."""

    ranges: list[Range] = Field(min_length=1, max_length=1000)
    but: list[Range] = Field(default_factory=list, max_length=1000, alias="except")
    zones: list[Text] = Field(default_factory=list, max_length=100)
    vendors: list[Text] = Field(default_factory=list, max_length=100)
    silent: bool = Field(False, description="also to addresses without a sign of life")
    unpinned: bool = Field(False, description="a password also to hosts nobody vouched for")

    def plain(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True)


Kind = Literal["snmp_community", "snmp_user", "ssh", "redfish", "nut"]
Secret = Annotated[
    dict[Annotated[str, Field(max_length=32)], Annotated[str, Field(max_length=16_384)]],
    Field(min_length=1, max_length=10, description="by kind: community; user, auth, auth_key, priv, priv_key; "
          "user and password or key", json_schema_extra={"writeOnly": True}),
]  # fmt: skip


class CredentialAsked(Strict):
    """A credential to seal; its secret is never read back."""

    name: str = Field(min_length=1, max_length=100)
    kind: Kind
    scope: ScopeAsked
    secret: Secret


class CredentialChange(Strict):
    """What to change of a credential; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=100)
    scope: ScopeAsked | None = None
    secret: Secret | None = None


class Credential(Shape):
    """One credential without its secret."""

    id: str = Field(validation_alias="uid")
    name: str
    kind: str
    scope: dict[str, Any]
    created_at: Instant = None
    created_by: str = ""
    changed_at: Instant = None
    used_at: Instant = None
    suspended_until: Instant = None
    suspended_why: str = ""


class Refusal(Shape):
    """An address that refused a credential, and when it last did."""

    zone: str
    address: str
    at: Instant = None


PinKind = Literal["host_key", "certificate", "engine_id"]


class Pin(Shape):
    """A key by which an address is known; `seen`: another one that it showed since."""

    zone: str
    address: str
    kind: str
    state: str
    value: str
    pinned_by: str
    pinned_at: Instant = None
    seen: str
    seen_at: Instant = None


class PinNamed(Strict):
    """Which key of which address."""

    zone: Text = ""
    address: str = Field(min_length=2, max_length=64)
    kind: PinKind

    @property
    def key(self) -> tuple[str, str, str]:
        return self.zone, self.address, self.kind


class PinAccepted(PinNamed):
    """A key to trust, as it is written in the list."""

    value: str = Field(min_length=10, max_length=200)
