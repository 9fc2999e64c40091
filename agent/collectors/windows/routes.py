"""Routes, through the NetTCPIP module; those Windows makes for each address of its own are left out."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import Row, text, whole
from wire.sections import Body

SCRIPT = "Get-NetRoute | Select-Object DestinationPrefix,NextHop,InterfaceAlias,RouteMetric"

_ON_LINK = ("0.0.0.0", "::", "")  # noqa: S104  how Windows writes "no next hop"


def collect(_root: Path) -> Body:
    """Return the rows of `routes`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the rows of an answer to `SCRIPT`; raise `Malformed`."""
    rows = [_route(row) for row in powershell.rows(answer) if _is_chosen(row)]
    return list({(row["destination"], row["gateway"], row["interface"]): row for row in rows}.values())


def _is_chosen(row: Row) -> bool:
    """Return whether somebody set this route, or an interface's own network makes it."""
    try:
        network = ip_network(text(row.get("DestinationPrefix")) or "", strict=False)
    except ValueError:
        return False
    own = network.is_multicast or network.is_link_local or network.is_loopback
    return not own and (network.num_addresses > 1 or text(row.get("NextHop")) not in _ON_LINK)


def _route(row: Row) -> Row:
    gateway = text(row.get("NextHop")) or ""
    return {
        "destination": text(row.get("DestinationPrefix")),
        "gateway": "" if gateway in _ON_LINK else gateway,
        "interface": text(row.get("InterfaceAlias")) or "",
        "metric": whole(row.get("RouteMetric")),
    }


COLLECTOR = Collector("routes", collect, timeout_s=70.0)
