"""What the API answers about events."""

from __future__ import annotations

from pydantic import Field

from collector.api.shapes import CiName, Instant, Shape


class Event(Shape):
    """Something a device said by itself; `count` like it came between `at` and `until`."""

    id: int
    at: Instant = None
    until: Instant = None
    count: int
    kind: str
    severity: str
    object: str = Field(description="what of the device it speaks of: an interface …")
    actor: str = Field(description="who did it, as the device names the account")
    origin: str = Field(description="from which address")
    message: str
    source: str = Field(description="trap, syslog, or receiver for what the probe counts itself")
    oid: str = Field(description="name of the notification")
    authentic: bool = Field(description="proven who said it (SNMPv3); anyone may forge the others")
    zone: str
    address: str
    ci: CiName | None = Field(None, description="null: nobody knows yet what stands at the address")
