"""This program again, as a process that can be killed: its answers are lines of JSON, each with a body behind it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from agent.lastwords import LastWords
from wire.sections import MAX_BODY_BYTES

KILL_S = 2.0
GRACE_S = 0.5
MAX_LINE = 256 * 1024

Answer = tuple[dict[str, Any], bytes]


class Child:
    """This program again, in a session of its own, so that whatever it starts dies with it.

    Its answers arrive in `inbox`, None after the last; `wake` is called after each, from another thread.
    With `bound` its standard input stays open for `tell`, it is held back while that many answers wait for `take`, and
    what it says on standard error is kept in `words`.
    """

    def __init__(
        self, module: str, *arguments: str, request: object = None, wake: Callable[[], None], bound: int = 0
    ) -> None:
        self.inbox: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(bound) if bound else None
        # -P: the folder the agent happens to run in must not lend it modules.
        self._popen = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE if bound else subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self.words = LastWords(self._popen.stderr) if self._popen.stderr else None
        self._listener = threading.Thread(
            target=self._talk, args=(json.dumps(request).encode() + b"\n", wake), name=module, daemon=True
        )
        self._listener.start()

    def _talk(self, request: bytes, wake: Callable[[], None]) -> None:
        assert self._popen.stdin
        assert self._popen.stdout
        with contextlib.suppress(BrokenPipeError):
            self._popen.stdin.write(request)
            self._popen.stdin.flush() if self._room else self._popen.stdin.close()
        _listen(self._popen.stdout, self.inbox, wake, self._room)

    def take(self) -> Answer | None:
        """Return the next answer of a bounded one, None after the last; raise `queue.Empty`."""
        answer = self.inbox.get_nowait()
        if self._room:
            self._room.release()
        return answer

    def tell(self, line: bytes) -> None:
        """Say one short line to a bounded one that has answered already."""
        assert self._popen.stdin
        with contextlib.suppress(OSError):
            self._popen.stdin.write(line + b"\n")
            self._popen.stdin.flush()

    def end(self, grace_s: float = 0.0) -> int | None:
        """Kill the process and all it started; return its exit code, None when it sits in the kernel and cannot die.

        It may go by itself within `grace_s`. The group is killed before the leader is reaped: until then its
        number cannot belong to anyone else.
        """
        self._await_exit(grace_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._popen.kill()
            else:
                os.killpg(self._popen.pid, signal.SIGKILL)
        if self._room:
            self._room.release(MAX_LINE)  # it may be held back: what it has said is let go
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(KILL_S)
            self._listener.join(KILL_S)
            self._let_go()
        if self.words:
            self.words.close(KILL_S)
        return self._popen.returncode

    def _let_go(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe and not self._listener.is_alive():
                with contextlib.suppress(OSError):
                    pipe.close()

    def _await_exit(self, grace_s: float) -> None:
        """Wait until the process has ended, without reaping it."""
        if sys.platform == "linux":
            until = time.monotonic() + grace_s
            while time.monotonic() < until:
                if os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    return
                time.sleep(0.005)

    @property
    def has_ended(self) -> bool:
        """True when the process is gone."""
        return self._popen.poll() is not None


def _listen(
    stream: IO[bytes], inbox: queue.SimpleQueue[Answer | None], wake: Callable[[], None],
    room: threading.Semaphore | None = None,
) -> None:  # fmt: skip
    """Put each answer into `inbox`; what is no answer ends the conversation."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        while (room is None or room.acquire()) and (line := stream.readline(MAX_LINE)):
            head = json.loads(line)
            length = int(head.get("bytes", 0))
            if not 0 <= length <= MAX_BODY_BYTES:
                break
            inbox.put((head, stream.read(length)))
            wake()
    inbox.put(None)
    wake()
