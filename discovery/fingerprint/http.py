"""One GET without a login: the Server header, the page's title, and the root of Redfish (DSP0266 §6.2, open to all)."""

from __future__ import annotations

import html
import json
import re
import ssl
from dataclasses import dataclass
from typing import Any, Final

from discovery.fingerprint.wire import connected
from discovery.text import cleaned, shown

MAX_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 100
_TITLE: Final = re.compile(rb"<title[^>]{0,200}>([^<]{0,1000})", re.IGNORECASE)
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |$)")


class BadResponse(ValueError):
    """What came is no HTTP response, or not what was asked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """`realm`: whose login is asked for, from WWW-Authenticate."""

    status: int
    server: str
    title: str
    realm: str


@dataclass(frozen=True, slots=True)
class Redfish:
    """The service root; None where it does not say."""

    version: str | None
    vendor: str | None
    product: str | None
    uuid: str | None


@dataclass(frozen=True, slots=True)
class Response:
    """Header names are in small letters; of those that come twice the first counts."""

    status: int
    headers: dict[str, str]
    body: bytes


async def page(address: str, port: int, seconds: float, tls: ssl.SSLContext | None = None) -> Page:
    """Return what the front page shows. Raises one of `wire.BROKEN`."""
    told = await _get(address, port, seconds, tls, "/")
    return Page(told.status, told.headers.get("server", ""), title(told.body), told.headers.get("www-authenticate", ""))


async def redfish(address: str, port: int, seconds: float, tls: ssl.SSLContext | None = None) -> Redfish:
    """Return what the root of Redfish shows. Raises one of `wire.BROKEN`."""
    return root(await _get(address, port, seconds, tls, "/redfish/v1/"))


async def _get(address: str, port: int, seconds: float, tls: ssl.SSLContext | None, path: str) -> Response:
    host = f"[{address}]" if ":" in address else address
    asked = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Muster\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    async with connected(address, port, seconds, tls) as wire:
        await wire.send(asked.encode("ascii"))
        return response(await wire.rest(MAX_BYTES))


# --- reading, without a network


def response(data: bytes) -> Response:
    """Read a response; raise `BadResponse`."""
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n", MAX_HEADERS + 1)
    found = _STATUS.match(status)
    if found is None:
        raise BadResponse("no HTTP")
    headers: dict[str, str] = {}
    for line in lines[:MAX_HEADERS]:
        name, _, value = line.partition(b":")
        headers.setdefault(name.decode("latin-1").strip().lower(), shown(cleaned(value[:1024].decode("latin-1"))))
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    return Response(int(found[1]), headers, _joined(body) if chunked else body)


def _joined(body: bytes) -> bytes:
    """Return a chunked body in one piece, as far as it is whole (RFC 9112 §7.1)."""
    pieces: list[bytes] = []
    while body:
        size, _, body = body.partition(b"\r\n")
        digits = size.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", digits) or int(digits, 16) == 0:
            break
        pieces.append(body[: int(digits, 16)])
        body = body[int(digits, 16) + 2 :]
    return b"".join(pieces)


def title(body: bytes) -> str:
    """Return the title of a page, empty when it has none."""
    found = _TITLE.search(body)
    return shown(cleaned(html.unescape(found[1].decode("utf-8", "replace")))) if found else ""


def root(told: Response) -> Redfish:
    """Read the service root; raise `BadResponse`."""
    try:
        said = json.loads(told.body)
    except (ValueError, RecursionError) as error:
        raise BadResponse("no JSON") from error
    if told.status != 200 or not isinstance(said, dict) or "RedfishVersion" not in said:
        raise BadResponse("no root of Redfish")
    return Redfish(*(_text(said.get(key)) for key in ("RedfishVersion", "Vendor", "Product", "UUID")))


def _text(value: Any) -> str | None:
    return (shown(cleaned(value)) or None) if isinstance(value, str) else None
