"""How a call is turned down: the one exception every part of the listeners raises."""

from __future__ import annotations

import grpc

RETRY_AFTER = "retry-after-ms"
"""Trailing metadata: milliseconds the caller should wait."""


class Refused(Exception):
    """The call ends with `code` and a one-line message; `retry_after_ms` > 0 says when to come back."""

    def __init__(self, code: grpc.StatusCode, message: str, retry_after_ms: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return ((RETRY_AFTER, str(self.retry_after_ms)),) if self.retry_after_ms else ()


def unauthenticated(message: str) -> Refused:
    """Return the refusal of a caller who is not known by the certificate it came with."""
    return Refused(grpc.StatusCode.UNAUTHENTICATED, message)


def forbidden(message: str) -> Refused:
    """Return the refusal of a caller who is known and may not."""
    return Refused(grpc.StatusCode.PERMISSION_DENIED, message)


def invalid(message: str) -> Refused:
    """Return the refusal of a message that will never be taken."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def exhausted(message: str, retry_after_s: float) -> Refused:
    """Return the refusal of a caller who may come back."""
    return Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, message, max(1, int(retry_after_s * 1000)))
