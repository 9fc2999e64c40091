"""Who looks at a page and how: language, theme, the present, and what the frame of every page shows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.context import context_of
from collector.security.roles import Permission
from collector.security.sessions import Principal
from collector.services import frame
from collector.services.frame import Open
from collector.web.catalogue import LANGUAGES, Texts, preferred

LANGUAGE_COOKIE, THEME_COOKIE, FORM_COOKIE = "muster_language", "muster_theme", "muster_form"
THEMES = ("auto", "light", "dark")
YEAR_S = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the navigation; `count` is what waits there."""

    name: str
    path: str
    icon: str
    permission: Permission
    count: int = 0


_NAVIGATION = (
    Entry("overview", "/", "overview", Permission.CIS_READ),
    Entry("cis", "/cis", "cis", Permission.CIS_READ),
    Entry("map", "/map", "map", Permission.CIS_READ),
    Entry("changes", "/changes", "changes", Permission.CHANGES_READ),
    Entry("findings", "/findings", "findings", Permission.FINDINGS_READ),
    Entry("incidents", "/incidents", "incidents", Permission.INCIDENTS_READ),
    Entry("help", "/help", "notice", Permission.INCIDENTS_REPORT),
    Entry("events", "/events", "history", Permission.CIS_READ),
    Entry("inspections", "/inspections", "inspections", Permission.INSPECTIONS_READ),
    Entry("results", "/results", "results", Permission.RULES_READ),
    Entry("rules", "/rules", "rules", Permission.RULES_READ),
    Entry("knowledge", "/knowledge", "knowledge", Permission.KNOWLEDGE_READ),
    Entry("reports", "/reports", "reports", Permission.CIS_READ),
    Entry("duplicates", "/duplicates", "duplicates", Permission.CIS_READ),
    Entry("stocktakes", "/stocktakes", "stocktakes", Permission.CIS_READ),
    Entry("sweeps", "/sweeps", "sweeps", Permission.SWEEPS_READ),
    Entry("agents", "/agents", "agents", Permission.AGENTS_READ),
    Entry("audit", "/audit", "history", Permission.AUDIT_READ),
    Entry("settings", "/settings", "settings", Permission.OWN),
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The one who looks. `csrf` is what this page's forms carry."""

    request: Request
    principal: Principal | None
    texts: Texts
    theme: str
    now: int
    csrf: str
    open: Open

    @property
    def navigation(self) -> tuple[Entry, ...]:
        counts = {
            "changes": self.open.changes, "findings": self.open.findings, "incidents": self.open.incidents,
            "duplicates": self.open.cases,
        }  # fmt: skip
        if self.principal is None:
            return ()
        return tuple(
            Entry(each.name, each.path, each.icon, each.permission, counts.get(each.name, 0))
            for each in _NAVIGATION
            if self.principal.may(each.permission)
        )

    @property
    def here(self) -> str:
        """The page itself, to come back to after a form; what a form answered is no page to come back to."""
        if self.request.method != "GET":
            return "/" + self.request.url.path.split("/")[1]
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    @property
    def simulated(self) -> int:
        """How many devices of this estate are made up."""
        return context_of(self.request).simulated

    @property
    def is_fragment(self) -> bool:
        """True when htmx asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    def may(self, permission: str) -> bool:
        return self.principal is not None and self.principal.may(permission)


def texts_of(request: Request, principal: Principal | None) -> Texts:
    """Return the texts in the language of the account, else of the cookie, else of the browser."""
    chosen = (principal.language if principal else "") or request.cookies.get(LANGUAGE_COOKIE, "")
    return Texts(chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language", "")))


def words_of(request: Request, language: str | None) -> Texts:
    """Return the texts in `language`, when none is named in that of whoever asks: REST has its words from here."""
    return Texts(language) if language else texts_of(request, request.state.principal)


def theme_of(request: Request, principal: Principal | None) -> str:
    chosen = (principal.theme if principal else "") or request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "auto"


async def viewer_of(request: Request, connection: AsyncConnection | None = None) -> Viewer:
    """Return who looks; with a connection also what waits for them."""
    principal: Principal | None = getattr(request.state, "principal", None)
    waits = await frame.open_counts(connection) if connection is not None and principal else Open()
    csrf = principal.csrf if principal else request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    return Viewer(
        request, principal, texts_of(request, principal), theme_of(request, principal),
        context_of(request).clock(), csrf, waits,
    )  # fmt: skip


def remember(request: Request, response: Response, name: str, value: str, max_age_s: int = YEAR_S) -> None:
    """Set a cookie no script reads and no other site sends."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age=max_age_s, httponly=True, samesite="lax", secure=secure)


def own_path(text: str) -> str:
    """Return `text` when it is a path of this site, else the first page: a form may not send people elsewhere."""
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return "/"
    return text
