"""Posts deliveries to a URL as JSON, signed when there is a secret. Any 2xx answer means taken."""

from __future__ import annotations

import hashlib
import hmac

from collector.delivery.caller import TIMEOUT_S, Call, Caller, checked_url
from collector.model import Delivery
from wire.sections import canonical

SIGNATURE = "X-Muster-Signature"


class Webhook:
    """A destination. Redirects are not followed: a signed message goes to the URL in the settings or nowhere."""

    def __init__(self, url: str, secret: str = "", timeout_s: float = TIMEOUT_S, ca: str = "") -> None:
        self._caller = Caller(checked_url(url), ca=ca, timeout_s=timeout_s)
        self._secret = secret.encode()

    async def __call__(self, delivery: Delivery) -> None:
        """Post `delivery`; raise `DeliveryFailed` for no answer in time or one that is not 2xx."""
        body = canonical(dict(delivery.payload))
        await self._caller.call(Call(body=body, headers=self._headers(delivery, body), reads=False))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._caller.aclose()

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": delivery.key}
        if self._secret:
            headers[SIGNATURE] = signature(self._secret, body)
        return headers


def signature(secret: bytes, body: bytes) -> str:
    """Return what the receiver compares: `sha256=` and the hex HMAC-SHA-256 (RFC 2104) of the body."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
