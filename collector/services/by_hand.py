"""A CI that a person enters: the words of a line of a list, on the same way, and registered with it.

Its source is `hand/<account>`. Identity says which CI it is, so a serial, label or asset number that is known makes no
second one; and what discovery sees later by that serial is the same CI.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import identifiers
from collector.identity_policy import Policy
from collector.record import FIELDS, HAND
from collector.security.audit import Act
from collector.services.imports import Importer
from collector.services.imports.devices import MAX_SEEN as MAX_SEEN
from collector.services.imports.devices import SEEN, BadRow, plain
from collector.services.imports.devices import read as read_row
from collector.services.imports.report import MADE_, REFUSED, SAME
from collector.services.refused import Refused
from collector.services.registration import Registrar
from collector.store import cis
from collector.store.browse import plates

NAMES: Final = ("serial", "label", "asset_number")
"""By one of these a CI is known again; without any, the same one would be entered twice."""
SAID: Final = ("class", "type", *FIELDS, *SEEN, "hostname", "address", "mac")
"""What may be said of a CI that is entered."""

WHY_NOT: Final[Mapping[str, str]] = {
    "missing": "this is needed",
    "unnamed": "a serial, a label or an asset number is needed: by one of these it is known again",
    "malformed": "this names nothing: it is malformed or a placeholder",
    "unknown": "there is no such field",
    "known": "it is known already and registered: its record is written on its own page",
    "ambiguous": "several CIs carry it",
    "nothing": "it needs a name",
    "kind": "a class of the regulation and a type of that class are expected",
    "kind_differs": "the CI that is known by this is of another type",
    "class": "somebody else administers its class",
    "doubt": "what it is known by belongs to different CIs",
    "label": "another CI carries this label",
    "closed": "the CI that is known by this is retired or archived",
    "long": "this is too long",
    "line": "one printable line is expected",
    "choice": "this is none of the values it may have",
}


class NotEntered(Refused):
    """A CI that was not entered; `why` is a word of `WHY_NOT`, `ci` the uid of the one that is known already."""

    def __init__(self, why: str, field: str = "", ci: str = "") -> None:
        super().__init__(WHY_NOT[why], field)
        self.why, self.ci = why, ci


@dataclass(frozen=True, slots=True)
class Entered:
    """The CI that was entered. `outcome`: made, changed (it was proposed already) or same.

    `left`: why it stays proposed, a word of `registration.WHY_NOT`; empty where it is registered.
    """

    ci: str
    outcome: str
    left: str = ""


@dataclass(frozen=True, slots=True)
class ByHand:
    """Enters CIs by way of what takes lists and what registers."""

    importer: Importer
    registrar: Registrar
    policy: Policy

    async def enter(self, act: Act, roles: Collection[str], said: Mapping[str, str]) -> Entered:
        """Enter one CI (field of `SAID` → text) and register it; said again, it is found and nothing moves.

        Raise `NotEntered`.
        """
        values = {name: text for name, each in said.items() if (text := plain(each))}
        self._check(values)
        known = await _carrying(act.tx, values)
        line = await self.importer.take_one(act, roles, f"{HAND}/{act.by}", values | known)
        if line.outcome == REFUSED:
            raise NotEntered(line.why, line.field)
        (ci,) = (await cis.by_uids(act.tx, [line.ci])).values()
        left = await self.registrar.register(act, roles, [line.ci])
        if line.outcome not in (MADE_, SAME) and any(each.why == "standing" for each in left):
            raise NotEntered("known", _known_by(values), ci.uid)
        if line.outcome != SAME:
            act.tell("ci.enter", f"ci/{ci.uid}", after={"outcome": line.outcome, **values})
        return Entered(ci.uid, line.outcome, next((each.why for each in left if each.why != "standing"), ""))

    def _check(self, values: Mapping[str, str]) -> None:
        """Raise `NotEntered` for what a list would let pass: a line of it may know less of a device than a person."""
        for name in values:
            if name not in SAID:
                raise NotEntered("unknown", name[:40])
        for name in ("type", "name", *(("vendor",) if "serial" in values else ())):
            if name not in values:
                raise NotEntered("missing", name)
        if not any(name in values for name in NAMES):
            raise NotEntered("unnamed", NAMES[0])
        try:
            row = read_row(values, self.importer.columns)
        except BadRow as error:
            raise NotEntered(error.code, error.field) from None
        for kind, value in row.device.identifiers:
            if identifiers.normalise(kind, value, self.policy) is None:
                raise NotEntered("malformed", kind)


async def _carrying(tx: AsyncConnection, values: Mapping[str, str]) -> dict[str, str]:
    """Return the id of the CI that carries the asset number, as a field; raise `NotEntered` where several do."""
    number = values.get("asset_number")
    if number is None:
        return {}
    found = (await plates.carrying(tx, plates.ASSETS, [number])).get(number, set())
    if len(found) > 1:
        raise NotEntered("ambiguous", "asset_number")
    return dict.fromkeys(("id",), *found) if found else {}


def _known_by(values: Mapping[str, str]) -> str:
    return next(name for name in NAMES if name in values)
