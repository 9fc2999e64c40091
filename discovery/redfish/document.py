"""From octets to a JSON object, from a link to a path of the service, within bounds. Raises Failed and nothing else."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any, Final

from discovery.failures import Failed

Json = dict[str, Any]
"""A JSON object."""

MAX_LINK: Final = 2048
_PATH: Final = re.compile(r"/redfish/v1(?:[/?][!-~]*)?")  # DSP0266 §6.1: everything of version 1 is below it


def document(data: bytes) -> Json:
    """Return the object that is written in `data`."""
    try:
        found = json.loads(data, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise Failed("malformed", "no JSON") from None
    if not isinstance(found, dict):
        raise Failed("malformed", "no JSON object")
    return found


def _refused(name: str) -> float:
    raise ValueError(name)


class Inflating:
    """Takes a body as it arrives; never holds more than `most` octets of it, inflated or not."""

    def __init__(self, encoding: str, most: int) -> None:
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise Failed("malformed", "an encoding nobody asked for")
        window = zlib.MAX_WBITS | (0 if encoding == "deflate" else 16)
        self._inflate = None if encoding in ("", "identity") else zlib.decompressobj(window)
        self._most = most
        self.body = bytearray()

    def add(self, data: bytes) -> None:
        self.body += data if self._inflate is None else self._inflated(data)
        if len(self.body) > self._most:
            raise Failed("budget", f"one answer of more than {self._most} octets")

    def _inflated(self, data: bytes) -> bytes:
        assert self._inflate is not None
        try:
            return self._inflate.decompress(data, self._most + 1 - len(self.body))
        except zlib.error:
            raise Failed("malformed", "a body that cannot be inflated") from None


def path_of(link: object, origin: str) -> str:
    """Return the path that a link leads to: an @odata.id, a nextLink, the value of a navigation property.

    `origin` is `https://host:port`. A link to anywhere else is Failed `malformed`.
    """
    told = link.get("@odata.id") if isinstance(link, dict) else link
    if not isinstance(told, str) or len(told) > MAX_LINK:
        raise Failed("malformed", "a link that is none")
    path = told.removeprefix(origin).partition("#")[0]
    if not _PATH.fullmatch(path):
        raise Failed("malformed", "a link that leads elsewhere")
    return path
