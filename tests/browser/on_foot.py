"""What tests of pages on foot share: the phone, the room, its photos, a plan that is due at once."""

from __future__ import annotations

import json
import struct
import urllib.request
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.cli.client import read_local_token
from tests.browser.served import Served
from tests.browser.visitor import Visitor

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ROOM = "机房A"
NAMES = ("app-01", "app-02", "db-01")


def ask(served: Served, method: str, path: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {read_local_token(served.data)}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{served.url}/api/v1/{path}", json.dumps(body).encode(), headers | {"If-Match": "*"}, method=method
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"null")


def picture(width: int = 2400, height: int = 1800) -> bytes:
    """Return a photo as PNG, larger than what is kept."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes((at % 256, 120, 90)) * width for at in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def soon() -> dict[str, Any]:
    """Return a daily schedule that is due in ten minutes and made half an hour before: at once."""
    at = datetime.now(UTC) + timedelta(minutes=10)
    rrule = f"FREQ=DAILY;BYHOUR={at.hour};BYMINUTE={at.minute}"
    return {"rrule": rrule, "zone": "UTC", "ahead_ms": 30 * 60_000, "due_ms": 4 * 3_600_000}


def draw(here: Visitor) -> None:
    """Write something on the pad with the mouse, which a finger is to the page as well."""
    pad = here.page.locator("canvas[data-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    mouse = here.page.mouse
    mouse.move(box["x"] + 20, box["y"] + 20)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] - 20, steps=8)
    mouse.up()
