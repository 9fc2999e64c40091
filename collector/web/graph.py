"""The map as its script reads it: zones, CIs with their look, links with what was said of them, in one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from collector.inert import shorten, visible
from collector.services.topology import LinkRow, Map, Port, Said
from collector.store.browse.ref import CiRef
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.looks import Look, look
from collector.web.words import CLASSES

MAX_LINKS = 5000
MAX_STRANGERS = 500
SERIOUS = frozenset({"critical", "error"})
_GLYPHS = {"ok": "✓", "warning": "!", "critical": "✕", "unknown": "?", "ring": "○", "paused": "Ⅱ"}
_WORDS = ("map.expand", "map.collapse", "map.from_here", "map.to_here", "map.open", "map.shared", "map.evidence",
          "map.links", "map.connected")  # fmt: skip


def graph(found: Map, way: Iterable[LinkRow], troubles: Mapping[str, list[str]], texts: Texts) -> dict[str, Any]:
    """Return the map. Every text that a device told is made harmless to look at here; a script only places it."""
    links = found.links[:MAX_LINKS]
    ends = {end.ci.uid: end for link in links for end in (link.a, link.b)}
    strangers = [] if len(found.links) > MAX_LINKS else found.strangers[:MAX_STRANGERS]
    ends.update({each.by.ci.uid: each.by for each in strangers if each.by.ci.uid not in ends})
    numbers = {_key(link): str(number) for number, link in enumerate(links)}
    return {
        "nodes": [_node(end, troubles.get(uid, ()), texts) for uid, end in sorted(ends.items(), key=_name)]
        + [_stranger(number, each, texts) for number, each in enumerate(strangers)],
        "links": [_link(numbers[_key(link)], link, texts) for link in links]
        + [_heard(number, each, texts) for number, each in enumerate(strangers)],
        "way": [numbers[_key(link)] for link in way if _key(link) in numbers],
        "classes": [[name, texts.label("class", name)] for name in (*CLASSES, "stranger")],
        "words": {name.partition(".")[2]: str(texts(name).unescape()) for name in _WORDS},
    }


def _name(item: tuple[str, Port]) -> tuple[str, str]:
    """The script keeps this order where nothing else decides."""
    return item[1].ci.name.casefold(), item[0]


def _key(link: LinkRow) -> tuple[str, str, str, str]:
    return (link.a.ci.uid, link.a.interface, link.b.ci.uid, link.b.interface)


def ci_look(ci: CiRef, severities: Iterable[str]) -> Look:
    """Return how a CI looks on the map: its worst open incident shows before its state."""
    told = set(severities)
    if told & SERIOUS:
        return Look("critical", "critical")
    return Look("warning", "warning") if told else look("state", ci.state)


def _node(end: Port, severities: Iterable[str], texts: Texts) -> dict[str, Any]:
    seen, severities = ci_look(end.ci, severities), tuple(severities)
    state = texts.label("state", end.ci.state)
    return {
        "id": end.ci.uid,
        "name": visible(shorten(end.ci.name, 26)),
        "whole": visible(end.ci.name),
        "class": end.ci.ci_class if end.ci.ci_class in CLASSES else "unknown",
        "type": visible(texts.label("type", end.ci.ci_type)),
        "level": seen.level,
        "glyph": _GLYPHS.get(seen.icon, "?"),
        "state": str(texts.n("ci.incidents", len(severities)).unescape()) if severities else state,
        **_zone(end, texts),
    }


def _zone(end: Port, texts: Texts) -> dict[str, str]:
    return {"zone": end.zone, "zoneName": visible(end.zone) or str(texts("map.no_zone").unescape())}


def _stranger(number: int, said: Said, texts: Texts) -> dict[str, Any]:
    name = said.name or said.chassis or said.platform
    kind = said.platform or texts.label("class", "stranger")
    return {
        "id": f"s{number}", "name": visible(shorten(name, 26)), "whole": visible(name), "class": "stranger",
        "type": visible(shorten(kind, 26)), "level": "unknown", "glyph": "?",
        "state": texts.label("class", "stranger"), **_zone(said.by, texts),
    }  # fmt: skip


def _link(number: str, link: LinkRow, texts: Texts) -> dict[str, Any]:
    return {
        "id": number, "a": link.a.ci.uid, "b": link.b.ci.uid, "state": link.state, "shared": link.shared,
        "title": f"{_named(link.a)} – {_named(link.b)}", "stateName": texts.label("link_state", link.state),
        "evidence": [sentence(each, texts) for each in link.evidence],
    }  # fmt: skip


def _heard(number: int, said: Said, texts: Texts) -> dict[str, Any]:
    return {
        "id": f"h{number}", "a": said.by.ci.uid, "b": f"s{number}", "state": "probable", "shared": False,
        "title": f"{_named(said.by)} – {visible(said.name or said.chassis)}",
        "stateName": texts.label("link_state", "probable"), "evidence": [sentence(said, texts)],
    }  # fmt: skip


def _named(end: Port) -> str:
    return visible(f"{end.ci.name} {end.interface}".strip())


def sentence(said: Said, texts: Texts) -> str:
    """Return what one end says, in words: who, over what, at which port, whom it hears, and when that was confirmed."""
    heard = " ".join(dict.fromkeys(part for part in (said.name, said.chassis) if part))
    text = texts(
        "map.said", by=said.by.ci.name, protocol=said.protocol.upper(), at=said.by.interface, heard=heard,
        port=said.port or "–", when=units.exact(said.at) if said.at else "–",
    )  # fmt: skip
    return str(text.unescape())
