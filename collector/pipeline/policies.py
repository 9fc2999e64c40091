"""The data the stages work by, read once from the rules folder: attributes, identity, rule packs, destinations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from collector import governance, identifiers, rulebook
from collector.governance import Governance
from collector.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Policies:
    """One consistent set of policies. `destinations` are names of deliveries every incident goes to."""

    governance: Governance
    identity: identifiers.Policy
    rulebook: Rulebook
    destinations: tuple[str, ...] = ()


def load(folder: Path, destinations: tuple[str, ...] = ()) -> Policies:
    """Return the policies in `folder`; raise the error of the file that cannot be used, naming it."""
    return Policies(
        governance.load(folder / "attributes.yaml"),
        identifiers.load(folder / "identity.yaml"),
        rulebook.load(folder / "packs"),
        destinations,
    )
