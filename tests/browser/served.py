"""A running collector as people reach it: its address, and the links they come in by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.programs import ask


@dataclass(frozen=True, slots=True)
class Served:
    """A collector whose data folder is `data`."""

    data: Path

    @property
    def url(self) -> str:
        return str(json.loads((self.data / "local.json").read_text())["url"])

    def link(self, account: str = "admin") -> str:
        """Return a new one-time login link."""
        return self.url + str(ask(self.data, f"accounts/{account}/login-link", {})["path"])

    def add_account(self, name: str, *roles: str) -> str:
        """Add an account and return the link its owner comes in by."""
        return self.url + str(ask(self.data, "accounts", {"name": name, "roles": roles})["path"])

    def items(self, path: str) -> list[Any]:
        """Return the items of one page of `/api/v1/PATH`, as long as pages may be."""
        return list(ask(self.data, path + ("&" if "?" in path else "?") + "limit=200")["items"])

    def ci(self, name: str) -> Any:
        """Return the one CI called `name`."""
        (found,) = [each for each in self.items("cis") if each["name"] == name]
        return found
