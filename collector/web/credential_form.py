"""The form of a credential: its kind decides the fields. What is secret is never filled in again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from collector.web.forms import Form

FLAGS: Final = ("silent", "unpinned")
MAX_NAME: Final = 100
MAX_SCOPE: Final = 200
MAX_KEY: Final = 16_384
MIN_USM: Final = 8
"""Characters of a secret of the user-based security model, at least (RFC 3414 §11.2)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a secret. `secret`: typed unseen; `choices`: a list to choose from; `lines`: several lines."""

    name: str
    secret: bool = True
    choices: tuple[str, ...] = ()
    lines: bool = False
    most: int = 255


_USER = Field("user", secret=False)
_PASSWORD = Field("password")
FIELDS: Final[Mapping[str, tuple[Field, ...]]] = {
    "snmp_community": (Field("community"),),
    "snmp_user": (
        Field("user", secret=False, most=32),
        Field("auth", False, ("sha256", "sha512", "sha384", "sha224", "sha1", "md5")), Field("auth_key"),
        Field("priv", False, ("aes128", "aes256", "aes192", "aes256c", "aes192c", "des")), Field("priv_key"),
    ),
    "ssh": (_USER, _PASSWORD, Field("key", lines=True, most=MAX_KEY)),
    "redfish": (_USER, _PASSWORD),
    "nut": (_USER, _PASSWORD),
}  # fmt: skip
"""Kind → the fields of its secret."""
KINDS: Final = tuple(FIELDS)


def scope_of(form: Form) -> dict[str, Any]:
    """Return where the credential may be sent; whatever is wrong is marked in `form`."""
    found: dict[str, Any] = {"ranges": form.ranges("ranges", MAX_SCOPE, needed=True)}
    found["except"] = form.ranges("except", MAX_SCOPE)
    for name in ("zones", "vendors"):
        form.optional(name, 2000)
        found[name] = list(form.listed(name))
    return found | {flag: True for flag in FLAGS if form.text(flag)}


def secret_of(form: Form, kind: str, keep: bool = False) -> dict[str, str] | None:
    """Return the secret as typed; None when `keep` and nothing was typed: it stays as it is."""
    typed = {each.name: form.text(each.name) for each in FIELDS[kind]}
    if keep and not any(typed[each.name] for each in FIELDS[kind] if not each.choices):
        return None
    for each in FIELDS[kind]:
        form.optional(each.name, each.most)
    _checks(kind, form, typed)
    return {name: value for name, value in typed.items() if value}


def _checks(kind: str, form: Form, typed: Mapping[str, str]) -> None:
    if kind == "snmp_community":
        form.needed("community", 255)
        return
    form.needed("user", 255)
    if kind == "snmp_user":
        _usm(form, typed)
    elif kind == "ssh":
        if bool(typed["password"]) == bool(typed["key"]):
            form.mark("password", "form.one_of_two")
    else:
        form.needed("password", 255)


def _usm(form: Form, typed: Mapping[str, str]) -> None:
    for choice, key in (("auth", "auth_key"), ("priv", "priv_key")):
        offered = next(each.choices for each in FIELDS["snmp_user"] if each.name == choice)
        if typed[choice]:
            form.choice(choice, offered)
            if len(form.needed(key, 255)) < MIN_USM:
                form.mark(key, "form.short", n=MIN_USM)
    if typed["priv"] and not typed["auth"]:
        form.mark("priv", "form.needs_auth")


def mark_lost(form: Form, kind: str) -> None:
    """Say of secrets that were typed into a form that is shown again: they are not in it any more."""
    for each in FIELDS[kind]:
        if each.secret and form.text(each.name):
            form.mark(each.name, "form.again")


def shown(name: str, scope: Mapping[str, Any]) -> dict[str, str]:
    """Return what a form shows of a credential that stands."""
    return {
        "name": name,
        **{key: "\n".join(scope.get(key, ())) for key in ("ranges", "except")},
        **{flag: "yes" for flag in FLAGS if scope.get(flag)},
        **{key: ", ".join(scope.get(key, ())) for key in ("zones", "vendors")},
    }


def flags_of(kind: str) -> tuple[str, ...]:
    """Return what else a scope of this kind may allow: communities reach silent hosts, passwords unknown ones."""
    return FLAGS[:1] if kind == "snmp_community" else FLAGS[1:] if kind in ("ssh", "redfish", "nut") else ()


REFUSED: Final[Mapping[str, str]] = {"name": "form.taken", "ranges": "form.no_scope", "zones": "form.zone"}
"""What a field can still be refused for once it is well-formed."""
