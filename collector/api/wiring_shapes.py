"""What the API says of cables and places, field by field."""

from __future__ import annotations

from pydantic import Field

from collector.api.shapes import CiName, Instant, Shape

MAX_LINKS = 5000


class Port(Shape):
    """One end of a cable; `interface` is empty where it is not known, `zone` for the zone without a name."""

    ci: CiName
    interface: str
    zone: str


class Said(Shape):
    """What one CI says it hears at one of its ports; the neighbour as it calls itself."""

    by: Port
    protocol: str
    name: str
    chassis: str
    port: str
    platform: str
    confirmed_at: Instant = Field(None, validation_alias="at")


class Link(Shape):
    """A link between two CIs, and what was said of it.

    confirmed: both ends agree; probable: one end says so, the other is silent; contradictory: the other end says
    something else.
    """

    a: Port
    b: Port
    state: str
    shared: bool = Field(description="one of the ends hears several devices: a hub, or a switch nobody knows")
    bundle: tuple[str, str] | None = Field(None, description="the aggregates the ends are members of, when both are")
    evidence: list[Said]
    seen: Instant = None


class Topology(Shape):
    """Links, and who is heard and is no CI. `count`: links in all."""

    links: list[Link]
    strangers: list[Said]
    count: int


class Way(Shape):
    """The links of a shortest way; null when there is none, empty when both ends are one CI."""

    links: list[Link] | None = None


class Heard(Shape):
    """A line of a table: of MACs at a port (`kind` fdb), or of addresses (arp)."""

    kind: str
    port: Port
    vlan: int
    address: str
    leads_on: bool = Field(description="there is another switch behind that port")
    confirmed_at: Instant = Field(None, validation_alias="at")


class Whereabouts(Shape):
    """Where one MAC is plugged in, and why that is so. VLAN 0: not told."""

    mac: str
    addresses: list[str]
    owner: Port | None = None
    place: Port | None = None
    vlan: int
    macs_on_port: int = Field(validation_alias="heard")
    equally_likely: list[Port] = Field(validation_alias="others")
    seen: Instant = None
    evidence: list[Heard]
    links: list[Link]


class Answer(Shape):
    """What was asked for (mac, address, name), the first few MACs that is, and how many in all."""

    kind: str
    count: int
    found: list[Whereabouts]
