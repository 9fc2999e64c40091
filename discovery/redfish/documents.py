"""What is read of a Redfish service, as a table: which links are followed from which resource.

The walk is breadth first over `BRANCHES`; its depth is that of the table, a path is read once, and what cannot be read
costs its kind only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from discovery.failures import Failed
from discovery.redfish.client import Client, Members
from discovery.redfish.document import Json
from discovery.redfish.root import Root
from discovery.redfish.values import inside, objects


@dataclass(frozen=True, slots=True)
class Branch:
    """From a resource along `property` (names joined by dots) to resources of `kind`.

    A list of links is followed link by link. `one`: the link leads to the resource itself, not to a collection.
    `unless`: not followed where that property is, which tells the same in fewer answers.
    """

    property: str
    kind: str
    one: bool = False
    unless: str = ""


BRANCHES: Final[Mapping[str, tuple[Branch, ...]]] = {
    "root": (
        Branch("Systems", "system"),
        Branch("Managers", "manager"),
        Branch("Chassis", "chassis"),
        Branch("UpdateService", "update", one=True),
    ),
    "system": (
        Branch("Processors", "processor"),
        Branch("Memory", "memory"),
        Branch("Storage", "storage"),
        Branch("SimpleStorage", "simple_storage", unless="Storage"),
        Branch("EthernetInterfaces", "interface"),
    ),
    "storage": (
        Branch("Drives", "drive"),
        Branch("Volumes", "volume"),
        Branch("Controllers", "storage_controller", unless="StorageControllers"),
    ),
    "manager": (Branch("EthernetInterfaces", "manager_interface"),),
    "chassis": (
        Branch("Power", "power", one=True),
        Branch("Thermal", "thermal", one=True),
        Branch("PowerSubsystem", "power_subsystem", one=True, unless="Power"),
        Branch("ThermalSubsystem", "thermal_subsystem", one=True, unless="Thermal"),
        Branch("Sensors", "sensor", unless="Thermal"),
        Branch("NetworkAdapters", "network_adapter"),
        Branch("Drives", "drive"),
    ),
    "power_subsystem": (Branch("PowerSupplies", "power_supply"),),
    "thermal_subsystem": (Branch("Fans", "fan"),),
    "update": (Branch("FirmwareInventory", "firmware"),),
}
"""Kind of a resource → where it leads (DMTF DSP0268). The order is that of reading: what matters most comes first."""


@dataclass(frozen=True, slots=True)
class Resource:
    """`path`: its @odata.id, empty when it does not say. `above`: that of the resource it was found under."""

    body: Json
    above: str = ""

    @property
    def path(self) -> str:
        return place(self.body)


@dataclass(slots=True)
class Documents:
    """By kind what was `found`, and why that is not all (`failures`, words of `discovery.failures`); `empty`: kinds of
    which the service says that there are none."""

    root: Root
    found: dict[str, list[Resource]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    _under: dict[tuple[str, str], list[Resource]] = field(default_factory=dict)

    def add(self, kind: str, resource: Resource) -> None:
        self.found.setdefault(kind, []).append(resource)
        self._under.setdefault((kind, resource.above), []).append(resource)

    def of(self, kind: str) -> list[Resource]:
        return self.found.get(kind, [])

    def under(self, kind: str, above: Resource) -> list[Resource]:
        """Return the resources of a kind that were found under one."""
        return self._under.get((kind, above.path), [])


def place(body: object) -> str:
    """Return the @odata.id of a resource or of a link, in one spelling."""
    told = inside(body, "@odata.id")
    return told.rstrip("/") if isinstance(told, str) else ""


async def read(client: Client, root: Root) -> Documents:
    """Read what `BRANCHES` leads to. Raises Failed when a login by Basic turns out to be none."""
    documents, seen = Documents(root), set[str]()
    waiting = deque([("root", root.body)])
    while waiting:
        kind, body = waiting.popleft()
        for branch in BRANCHES.get(kind, ()):
            if branch.unless and inside(body, branch.unless):
                continue
            for found in await _followed(client, branch, body, documents):
                resource = Resource(found, place(body))
                if (resource.path or None) not in seen:
                    seen |= {resource.path} - {""}
                    documents.add(branch.kind, resource)
                    waiting.append((branch.kind, found))
    return documents


async def _followed(client: Client, branch: Branch, body: Json, documents: Documents) -> list[Json]:
    link = inside(body, *branch.property.split("."))
    if link is None or (not isinstance(link, list) and not place(link)):
        return []
    try:
        told = await _read(client, branch, link)
    except Failed as failed:
        if client.exchange.refused:
            raise
        told = Members([], failed.cause)
    if told is None:
        return []
    if told.failure:
        documents.failures.setdefault(branch.kind, told.failure)
    elif not told.found:
        documents.empty.add(branch.kind)
    return told.found


async def _read(client: Client, branch: Branch, link: object) -> Members | None:
    """Return what a link leads to, None when nothing stands there: many controllers promise more than they have."""
    if isinstance(link, list):
        return await client.each(objects(link))
    if branch.one:
        body = await client.get(link)
        return None if body is None else Members([body])
    return await client.members(link)
