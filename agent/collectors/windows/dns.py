"""Resolver settings, through the DnsClient module: interface by interface, each in its own order."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.resolving import ORDERED, in_order
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import text
from wire.sections import Body

SCRIPT = """
$asked = Get-DnsClientServerAddress | Sort-Object InterfaceAlias, AddressFamily
[pscustomobject]@{
Servers=[string[]]@($asked | ForEach-Object { $_.ServerAddresses });
Search=[string[]]@((Get-DnsClientGlobalSetting).SuffixSearchList);
Suffixes=[string[]]@(Get-DnsClient | Sort-Object InterfaceAlias | ForEach-Object { $_.ConnectionSpecificSuffix }) }
"""

_PLACEHOLDER = "fec0:0:0:ffff:"  # the site-local servers Windows names where none is set (RFC 3879 withdrew them)


def collect(_root: Path) -> Body:
    """Return the record of `dns`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the record of an answer to `SCRIPT`; raise `Malformed`."""
    row = powershell.record(answer)
    servers = [server for each in powershell.listed(row.get("Servers")) if (server := text(each))]
    search = [*powershell.listed(row.get("Search")), *powershell.listed(row.get("Suffixes"))]
    return {
        "servers": in_order(server for server in servers if not server.lower().startswith(_PLACEHOLDER)),
        "search": in_order(suffix for each in search if (suffix := text(each))),
    }


COLLECTOR = Collector("dns", collect, timeout_s=70.0, revision=ORDERED)
