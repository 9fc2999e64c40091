"""Messages as telling makes them, for tests of what becomes of them."""

from __future__ import annotations

from typing import Any

from collector.delivery import Story
from collector.model import Delivery
from collector.wording import time_text

NOW = 1_768_464_000_000
HOSTILE = (
    'x](http://evil.example) <at user_id="all"> <script>alert(1)</script> @all **bold** [code]<b>'
    "\r\nBcc: eve@evil.example"
)
"""A title that tries to be a link, a mention, a script, a heading, a journal's markup and a header."""


def payload(number: str = "INC-000001", event: str = "opened", **more: Any) -> dict[str, Any]:
    title = more.pop("title", "磁盘将满")
    incident = {
        "number": number, "state": "new", "severity": "critical", "priority": "P2", "kind": "alert",
        "source": "monitoring", "category": "disk", "site": "shanghai", "line": 2, "assignee": "", "causes": 1,
        "title": {"zh": title, "en": title}, "detail": {"ci": {"name": "web-01", "class": "server"}, "rule": "SRV-1"},
        "opened_at": time_text(NOW), "resolved_at": time_text(NOW + 40_000) if event == "resolved" else None, **more,
    }  # fmt: skip
    return {"version": 1, "event": event, "at": time_text(NOW), "said": "", "incident": incident}


def delivery(number: str = "INC-000001", event: str = "opened", **more: Any) -> Delivery:
    key = f"incident|{number}|{event}" + ("" if event == "opened" else f"@{NOW}")
    return Delivery(key, "x", payload(number, event, **more))


def story(number: str = "INC-000001", *events: str, **more: Any) -> Story:
    said = events or ("opened",)
    return Story(delivery(number, said[-1], **more), tuple(said), NOW)
