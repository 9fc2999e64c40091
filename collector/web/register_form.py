"""The form by which a proposed CI is registered: what it asks, what it offers, and what was said in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.classes import TYPES, UNKNOWN
from collector.model import CiState
from collector.record import ENVIRONMENTS, FIELDS, BadValue
from collector.security.roles import Permission, administers
from collector.services import records
from collector.services.registration import FORM
from collector.store.browse.cis import CiRow
from collector.web import forms
from collector.web.forms import Form
from collector.web.viewer import Viewer

TOGETHER: Final = ("owner", "place", "environment")
"""What the list asks for all that are chosen."""
_WRONG: Final = {"long": "form.too_long", "choice": "form.choice"}


def offered(roles: Collection[str]) -> Mapping[str, Any]:
    """Return what the form asks and offers to somebody of these roles: types of the classes they administer."""
    return {
        "types": {name: its for name, its in TYPES.items() if name != UNKNOWN and administers(roles, name)},
        "fields": {name: FIELDS[name] for name in FORM},
        "environments": ENVIRONMENTS,
    }


def registers(viewer: Viewer, ci: CiRow) -> bool:
    """Return whether the one who looks may register this CI."""
    if viewer.principal is None or ci.state != CiState.PROPOSED or not viewer.may(Permission.CIS_WRITE):
        return False
    return ci.ci_class == UNKNOWN or administers(viewer.principal.roles, ci.ci_class)


async def standing(connection: AsyncConnection, ci: CiRow) -> Form:
    """Return the form of a proposed CI, with what its record says already."""
    return forms.of_values(await records.standing(connection, ci.id))


def said(form: Form, fields: Collection[str]) -> dict[str, str]:
    """Return what was typed; an empty field says nothing."""
    return {name: form.text(name) for name in fields if form.text(name)}


def mark(form: Form, error: BadValue) -> None:
    """Say beside a field why its value cannot be kept."""
    form.mark(error.field, _WRONG.get(error.code, "record.line"), n=error.most)
