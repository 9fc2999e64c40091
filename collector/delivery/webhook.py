"""Posts deliveries to a URL as JSON, signed when there is a secret. Any 2xx answer means taken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from urllib.parse import urlsplit

import httpx2

from collector.delivery import BadDestination, DeliveryFailed
from collector.model import Delivery
from wire.sections import canonical

TIMEOUT_S = 10.0
SIGNATURE = "X-Muster-Signature"


class Webhook:
    """A destination. Redirects are not followed: a signed message goes to the URL in the settings or nowhere."""

    def __init__(self, url: str, secret: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._url = checked_url(url)
        self._secret = secret.encode()
        self._timeout_s = timeout_s
        self._client = httpx2.AsyncClient(follow_redirects=False, timeout=timeout_s, trust_env=False)

    async def __call__(self, delivery: Delivery) -> None:
        """Post `delivery`; raise `DeliveryFailed` for no answer in time or one that is not 2xx."""
        body = canonical(dict(delivery.payload))
        try:
            async with asyncio.timeout(self._timeout_s):
                status = await self._post(body, self._headers(delivery, body))
        except TimeoutError as error:
            raise DeliveryFailed(f"no answer within {self._timeout_s:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
        if not 200 <= status < 300:
            raise DeliveryFailed(f"HTTP status {status}")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, body: bytes, headers: dict[str, str]) -> int:
        # The answer's body is not read: it may be endless, and only the status counts.
        async with self._client.stream("POST", self._url, content=body, headers=headers) as response:
            return int(response.status_code)

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": delivery.key}
        if self._secret:
            headers[SIGNATURE] = signature(self._secret, body)
        return headers


def signature(secret: bytes, body: bytes) -> str:
    """Return what the receiver compares: `sha256=` and the hex HMAC-SHA-256 (RFC 2104) of the body."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def checked_url(url: str) -> str:
    """Return `url` if it is one to post to; raise `BadDestination`. The message never repeats what may be secret."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadDestination("webhook: not a URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise BadDestination("webhook: an http:// or https:// URL with a host expected")
    if parts.username is not None or parts.password is not None:
        raise BadDestination("webhook: no user name or password in the URL; use the secret")
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url):
        raise BadDestination("webhook: the URL holds characters that must be escaped")
    return url
