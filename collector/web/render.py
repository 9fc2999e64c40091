"""Templates → pages. Every text that is not a template's own is made visible and escaped."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from collector.api.release import VERSION
from collector.inert import shorten, visible
from collector.services.element import moved_fields
from collector.web import units
from collector.web.catalogue import LANGUAGES, Texts
from collector.web.looks import look
from collector.web.naming import named
from collector.web.values import MAX_SHOWN, Shown, measurement, show
from collector.web.viewer import FORM_COOKIE, THEMES, Viewer, remember

HERE = Path(__file__).parent
STATIC = HERE / "static"
HTMX = "vendor/htmx.min.js"
CYTOSCAPE = "vendor/cytoscape.min.js"


def _finalize(value: Any) -> Any:
    """Every expression of every template passes here."""
    if value is None:
        return ""
    return value if isinstance(value, Markup) else visible(value) if isinstance(value, str) else value


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals.update(
        asset=asset,
        has_htmx=(STATIC / HTMX).exists,
        has_map=(STATIC / CYTOSCAPE).exists,
        languages=LANGUAGES,
        themes=THEMES,
        units=units,
        shorten=shorten,
        look=look,
        version=VERSION,
        moved=moved_fields,
    )
    return environment


@functools.cache
def _templates() -> Environment:
    return _environment()


@functools.cache
def asset(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def page(viewer: Viewer, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return `template` filled for `viewer`."""
    body = _templates().get_template(template).render(viewer=viewer, t=viewer.texts, **_tools(viewer), **values)
    response = HTMLResponse(body, status)
    response.headers["Vary"] = "Accept-Language, Cookie, HX-Request"
    if viewer.principal is None:
        remember(viewer.request, response, FORM_COOKIE, viewer.csrf, 3600)
    return response


def _tools(viewer: Viewer) -> Mapping[str, Callable[..., Any]]:
    texts, now = viewer.texts, viewer.now

    def shown(section: str, field: str, value: Any, limit: int = MAX_SHOWN) -> Shown:
        return show(section, field, value, texts, limit)

    return {
        "named": lambda section, key: named(section, key, texts),
        "when": lambda at: ago(at or 1, now, texts),  # a value may be 1970 itself; elsewhere 0 is never
        "ago": lambda at: ago(at, now, texts),
        "shown": shown,
        "measure": lambda metric, value: measurement(metric, value, texts),
        "length": lambda ms: length(ms, texts),
    }


def length(ms: int, texts: Texts) -> Markup:
    """Return a length of time in words: 3 h."""
    number, unit = units.span(ms)
    return texts(f"unit.{unit}", n=number)


def ago(at: int | None, now: int, texts: Texts) -> Markup:
    """Return a time as `<time>`: relative to read, exact on hover."""
    if not at:
        return texts("time.never")
    if abs(now - at) < 5000:
        words = texts("time.now")
    else:
        words = texts("time.ago" if at < now else "time.ahead", span=length(now - at, texts))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(units.machine(at), units.exact(at), words)
