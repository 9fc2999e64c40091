"""Machines whose every text is an attack: on pages, databases, templates, terminals, spreadsheets and readers' eyes."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from collector.clock import now
from collector.web.units import machine
from tests.browser.wire_agents import Told
from tests.simulated import SimulatedHost, inventory
from wire import codec
from wire.observation import Section, Status
from wire.sections import SECTIONS, Field, Shape

MINUTE = 60_000
PLAIN = ("<img src=x onerror=__xss=1>", "'; DROP TABLE ci;--", "{{7*7}}", "javascript:__xss=1//", "<b>not bold</b>")
"""Attacks short enough to be shown whole, in letters that are shown as they are."""
FORMULAS = ('=HYPERLINK("http://x")', "+1+1", "-1+1", "@SUM(1+1)", "\t=1+1", "\r=1+1", "＝1+1")
POLYGLOTS = (
    *PLAIN,
    *FORMULAS,
    '"><img src=x onerror=window.__xss=1>',
    "'\" autofocus onfocus=window.__xss=1 x='",
    "</title></textarea></script><script>window.__xss=1</script>",
    "</style><style>*{display:none}</style>",
    "<svg/onload=window.__xss=1><base href=//x>",
    "${7*7}<%= 7*7 %>{% debug %}#{7*7}",
    "\u202egnp.exe\u202c \u2066left\u2069 zero\u200bwidth",
    "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "NUL\x00after",
    "half a pair \ud800",
    "line\r\nSet-Cookie: owned=1",
    "../../../../etc/passwd?a=1&b=2#c",
    "A" * 4_000,
)
EVERYTHING = " ".join(POLYGLOTS[:-1])
SOON = 5 * 86_400_000


def agents() -> list[Told]:
    """Return what three of them say; the last is a clone of the one before."""
    second = _bodies(2, PLAIN[0])
    clone = copy.deepcopy(second)
    clone["hardware"]["uuid"] = "99999999-2222-4333-8444-555555555555"
    return [_told(_bodies(1, EVERYTHING)), _told(second), _told(clone)]


def _told(bodies: dict[str, Any]) -> Told:
    """It arrives, everything that does not name a row moves, and a section fails."""
    host, present = SimulatedHost(0, bodies=bodies), now()
    first = host.observe(present - 20 * MINUTE)
    for name in bodies.keys() - {"virtualization"}:
        _move(SECTIONS[name], bodies[name])
    second = codec.decode_observation(host.observe(present - MINUTE))
    failed = Section("lldp", Status.FAILED, reason=_utf8(EVERYTHING))
    unknown = Section(PLAIN[0], Status.OK, body=b"{}")
    sections = (*(each for each in second.sections if each.name != "lldp"), failed, unknown)
    failing = tuple(_utf8(each) for each in POLYGLOTS[:6])
    return Told(
        [first, codec.encode_observation(replace(second, sections=sections, agent_version=_utf8(EVERYTHING)))],
        _utf8(EVERYTHING), _utf8(POLYGLOTS[0]), failing,
    )  # fmt: skip


def _utf8(text: str) -> str:
    """Return `text` as protobuf can carry it; in bodies, which are JSON, half a pair travels whole."""
    return text.encode("utf-8", "replace").decode()


def _bodies(number: int, hostname: str) -> dict[str, Any]:
    """Return every section there is, every text in it an attack; what names the machine is its own."""
    ordinary = inventory(number, 0)
    bodies: dict[str, Any] = {name: _body(shape) for name, shape in SECTIONS.items()}
    for name in ("uuid", "serial", "chassis_type"):
        bodies["hardware"][name] = ordinary["hardware"][name]
    bodies["os"] |= {"hostname": hostname, "machine_id": ordinary["os"]["machine_id"]}
    bodies["interfaces"] += ordinary["interfaces"]
    bodies["virtualization"] = ordinary["virtualization"]
    for at, guest in enumerate(bodies["virtual_machines"]):
        guest["uuid"] = f"{number:08x}-0000-4000-8000-{at:012x}"
    for row in bodies["certificates"]:
        row["not_after"] = machine(now() + SOON)
    bodies["packages"].append({"name": "telnetd", "arch": "all", "version": EVERYTHING, "manager": "dpkg"})
    bodies["health"] += [{"metric": "filesystem_used_ratio", "instance": each, "value": 0.99} for each in POLYGLOTS]
    return bodies


def _body(shape: Shape) -> Any:
    if shape.is_record:
        return {field.name: _value(field, EVERYTHING, 1) for field in shape.fields.values()}
    return [
        {field.name: _value(field, text, at) for field in shape.fields.values()} for at, text in enumerate(POLYGLOTS, 1)
    ]


def _value(field: Field, text: str, at: int) -> Any:
    return {"whole": at, "real": 0.5, "flag": True, "texts": [text, EVERYTHING], "sequence": [text]}.get(
        field.kind, text
    )


def _move(shape: Shape, body: Any) -> None:
    """Add a word to every text that neither names a row nor tells which machine and what kind it is."""
    fixed = {*shape.key, "hostname", "serial", "uuid", "machine_id", "mac", "permanent_mac", "kind", "not_after",
             "chassis_type"}  # fmt: skip
    for row in [body] if shape.is_record else body:
        for name, value in row.items():
            if isinstance(value, str) and name not in fixed and len(value) < 3_000:
                row[name] = f"{value} moved"
