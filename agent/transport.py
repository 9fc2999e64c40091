"""Calls to the collector: channels, deadlines, and what a failure means for what comes next."""

from __future__ import annotations

import enum
import os
import queue
import threading
from collections.abc import Callable
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its failures are told by us, as JSON lines

import grpc

from wire.enrolment import SERVER_NAME
from wire.observation import MAX_REPORT_BYTES

MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_RETRY_AFTER_S = 3_600.0

_OPTIONS = (
    ("grpc.ssl_target_name_override", SERVER_NAME),
    ("grpc.max_send_message_length", MAX_REPORT_BYTES + 65_536),
    ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
    ("grpc.keepalive_time_ms", 120_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.enable_retries", 0),  # we retry, at our own pace
)


class Remedy(enum.Enum):
    """What a failed call asks for."""

    RETRY = "retry"
    RECOVER = "recover"
    WAIT = "wait"
    READ_THE_LOG = "read the log"


_REMEDIES = {
    "UNAVAILABLE": Remedy.RETRY,
    "DEADLINE_EXCEEDED": Remedy.RETRY,
    "RESOURCE_EXHAUSTED": Remedy.RETRY,
    "CANCELLED": Remedy.RETRY,
    "ABORTED": Remedy.RETRY,
    "UNAUTHENTICATED": Remedy.RECOVER,
    "PERMISSION_DENIED": Remedy.WAIT,
}


class CallFailed(Exception):
    """A call that brought no answer. `code` is gRPC's name; `retry_after_s` what the collector asked for, if it did."""

    def __init__(self, code: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.retry_after_s = code, message, retry_after_s
        self.remedy = _REMEDIES.get(code, Remedy.READ_THE_LOG)

    @property
    def is_silence(self) -> bool:
        """True when the connection itself may be the fault, so that a new one is worth making."""
        return self.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED") and self.retry_after_s is None


class Channel:
    """A connection to one listener, made with the first call. With `key` and `chain` (PEM) it is mutual."""

    def __init__(self, target: str, root: bytes, key: bytes | None = None, chain: bytes | None = None) -> None:
        credentials = grpc.ssl_channel_credentials(root, key, chain)
        self._channel = grpc.secure_channel(target, credentials, options=_OPTIONS)

    def start(self, service: str, method: str, data: bytes, timeout_s: float, wake: Callable[[], None]) -> Call:
        """Begin a call that ends within `timeout_s`; `wake` is called, from another thread, when it has."""
        future = self._channel.unary_unary(f"/{service}/{method}").future(data, timeout=timeout_s)
        future.add_done_callback(lambda _: wake())
        return Call(future)

    def call(self, service: str, method: str, data: bytes, timeout_s: float) -> bytes:
        """Return the answer to one call, waiting for it; raise `CallFailed`."""
        return self.start(service, method, data, timeout_s, lambda: None).answer()

    def listen(self, service: str, method: str, data: bytes, wake: Callable[[], None]) -> Stream:
        """Begin a call that is answered by messages as they come up; `wake` is called after each, from its thread."""
        return Stream(self._channel.unary_stream(f"/{service}/{method}")(data), wake)

    def close(self) -> None:
        self._channel.close()


class Call:
    """A call under way."""

    def __init__(self, future: Any) -> None:
        self._future = future

    @property
    def is_done(self) -> bool:
        return bool(self._future.done())

    def answer(self) -> bytes:
        """Return the answer, waiting for it; raise `CallFailed`."""
        try:
            answer: bytes = self._future.result()
        except grpc.FutureCancelledError as error:
            raise CallFailed("CANCELLED", "the call was cancelled") from error
        except grpc.RpcError as error:
            raise _failure(error) from error
        return answer


class Stream:
    """Messages of the collector, read in a thread of their own. `failure`: why it ended, None after a plain end."""

    MOST = 16
    """Messages that wait to be taken; a collector that says more has lost its mind, and the stream."""

    def __init__(self, call: Any, wake: Callable[[], None]) -> None:
        self._call, self._wake = call, wake
        self._inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._is_over = False
        self.failure: CallFailed | None = None
        threading.Thread(target=self._read, name="stream", daemon=True).start()

    def _read(self) -> None:
        try:
            for message in self._call:
                self._inbox.put(message)
                self._wake()
                if self._inbox.qsize() > self.MOST:
                    self._call.cancel()
        except grpc.RpcError as error:
            self.failure = _failure(error)
        self._is_over = True
        self._wake()

    def take(self) -> bytes | None:
        """Return the next message, None when there is none now."""
        try:
            return self._inbox.get_nowait()
        except queue.Empty:
            return None

    @property
    def is_over(self) -> bool:
        """True when it has ended and all it said was taken."""
        return self._is_over and self._inbox.empty()

    def cancel(self) -> None:
        self._call.cancel()


def _failure(error: Any) -> CallFailed:
    message = " ".join((error.details() or "").split())[:300]
    return CallFailed(error.code().name, message, _retry_after_s(error.trailing_metadata() or ()))


def _retry_after_s(metadata: Any) -> float | None:
    """Return what the trailing metadata `retry-after-ms` asks for, within bounds."""
    for name, value in metadata:
        if name == "retry-after-ms" and str(value).isdigit() and len(value) < 12:
            return min(int(value) / 1000, MAX_RETRY_AFTER_S)
    return None


class Backoff:
    """Exponential back-off with full jitter: the n-th delay is uniform in [0, base × 2ⁿ), capped; seconds."""

    FLOOR_S = 0.2
    CAP_S = 100.0
    """However long a collector was away, the last agent is back within two minutes of its return; ten thousand try some
    two hundred times a second meanwhile, which is what one collector can greet."""

    def __init__(self, chance: Callable[[], float], base_s: float = 1.0, cap_s: float = CAP_S) -> None:
        self._chance, self._base_s, self._cap_s = chance, base_s, cap_s
        self.failures = 0

    def failed(self) -> float:
        """Count a failure and return how long to wait."""
        self.failures += 1
        ceiling = min(self._cap_s, self._base_s * 2.0 ** min(self.failures, 32))
        return float(max(self.FLOOR_S, ceiling * self._chance()))

    def reset(self) -> None:
        self.failures = 0
