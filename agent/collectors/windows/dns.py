"""Resolver settings, through the DnsClient module."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import text
from wire.sections import Body

SCRIPT = """
[pscustomobject]@{
Servers=[string[]]@(Get-DnsClientServerAddress | ForEach-Object { $_.ServerAddresses });
Search=[string[]]@((Get-DnsClientGlobalSetting).SuffixSearchList);
Suffixes=[string[]]@(Get-DnsClient | ForEach-Object { $_.ConnectionSpecificSuffix }) }
"""

_PLACEHOLDER = "fec0:0:0:ffff:"  # the site-local servers Windows names where none is set (RFC 3879 withdrew them)


def collect(_root: Path) -> Body:
    """Return the record of `dns`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the record of an answer to `SCRIPT`; raise `Malformed`."""
    row = powershell.record(answer)
    servers = {server for each in powershell.listed(row.get("Servers")) if (server := text(each))}
    search = [*powershell.listed(row.get("Search")), *powershell.listed(row.get("Suffixes"))]
    return {
        "servers": sorted(server for server in servers if not server.lower().startswith(_PLACEHOLDER)),
        "search": sorted({suffix for each in search if (suffix := text(each))}),
    }


COLLECTOR = Collector("dns", collect, timeout_s=70.0)
