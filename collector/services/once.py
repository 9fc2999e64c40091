"""A request that names itself by a key is carried out once; asked again, it is answered as it was.

The key is written by the first transaction of the request, before anything else in it: of two at a time one gets
through, what is undone takes its key along, and a crash leaves both or neither. The answer is written after that,
before it is sent. It is sealed, whatever it holds: some answers show a token that is never seen again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.sessions import Principal
from collector.security.vault import MAX_SECRET_BYTES, NotOpened, Vault
from collector.store import kept_answers
from collector.store.engine import ERRAND, Store
from collector.store.failure import StoreFailed, reading, writing
from collector.store.kept_answers import AnswerRow

log = structlog.get_logger(__name__)

KEPT_MS: Final = 24 * 3_600_000
MOST_KEPT: Final = 10_000
"""Keys of one account; the oldest go first."""
MAX_KEY: Final = 255
MAX_ANSWER: Final = 1_000_000
"""Bytes of an answer that is kept; most of it goes when it is packed."""


class BadKey(ValueError):
    """That is no key."""


class OtherRequest(Exception):
    """The key stands for another request."""


class NoAnswer(Exception):
    """The request is being carried out, or was, and there is no answer to it."""


class Taken(Exception):
    """Another request with the same key was carried out meanwhile; nothing of this one was."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, with the headers that belong to it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Errand:
    """One request with a key, by one account."""

    def __init__(self, store: Store, vault: Vault, row: AnswerRow) -> None:
        self._store, self._vault, self._row = store, vault, row
        self._is_carried_out = self._is_over = False

    @property
    def name(self) -> str:
        return self._row.uid

    async def before(self) -> Answer | None:
        """Return what was answered before, None where nothing was done yet; raise `OtherRequest`, `NoAnswer`."""
        async with reading(self._store) as connection:
            found = await kept_answers.find(connection, self._row.account_id, self._row.key, self._since)
        if found is None:
            return None
        if not hmac.compare_digest(found.request, self._row.request):
            raise OtherRequest("this key stands for another request, or for one with other permissions")
        answer = _unsealed(self._vault, found)
        if answer is None:
            raise NoAnswer(
                "a request with this key was carried out, or is being; its answer is not there, or was too long to keep"
            )
        return answer

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Have what is written in this block, by this task, carry the key; it may raise `Taken`."""
        token = ERRAND.set(self)
        try:
            yield
        finally:
            self._is_over = True  # a task that it began may still write
            ERRAND.reset(token)

    async def begin(self, tx: AsyncConnection) -> None:
        if not (self._is_carried_out or self._is_over) and not await kept_answers.claim(tx, self._row, self._since):
            raise Taken

    def committed(self) -> None:
        self._is_carried_out = not self._is_over

    async def keep(self, answer: Answer | None) -> None:
        """Keep an answer; what was refused and wrote nothing leaves its key free. None: it is too long."""
        sealed = None if answer is None else _sealed(self._vault, self._row, answer)
        if sealed is None or not (self._is_carried_out or 200 <= sealed[0] < 300):
            return
        try:
            async with writing(self._store) as tx:
                if self._is_carried_out or await kept_answers.claim(tx, self._row, self._since):
                    await kept_answers.keep(tx, replace(self._row, sealed=sealed[1], key_id=sealed[2]))
        except StoreFailed as error:  # it was carried out: whoever asked is told so all the same
            log.warning("an answer is not kept", error=str(error))

    @property
    def _since(self) -> int:
        return self._row.at - KEPT_MS


def errand(store: Store, vault: Vault, who: Principal, key: str, asked: Sequence[bytes], now: int) -> Errand:
    """Return the errand of a request; `asked`: all that makes it this one. Raise `BadKey`.

    With other permissions it is another one: what they let in then is not shown to who has lost them.
    """
    if not (1 <= len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise BadKey(f"an Idempotency-Key has 1 to {MAX_KEY} printable ASCII characters")
    digest = hmac.new(vault.derived("requests with a key"), digestmod=hashlib.sha256)
    for part in (*asked, " ".join(sorted(who.allowed)).encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Errand(store, vault, AnswerRow(who.account_id, key, digest.digest(), now))


async def forget(tx: AsyncConnection, now: int) -> int:
    """Take away what is kept too long, or is too much; return how many."""
    return await kept_answers.forget(tx, now - KEPT_MS, MOST_KEPT)


def _sealed(vault: Vault, row: AnswerRow, answer: Answer) -> tuple[int, bytes, str] | None:
    """Return status, sealed answer and key id; None where it is too long."""
    packed = base64.b64encode(zlib.compress(answer.body)).decode()
    said = {"status": str(answer.status), "headers": json.dumps(dict(answer.headers)), "body": packed}
    if sum(map(len, said.values())) > MAX_SECRET_BYTES - 1_000:
        return None
    return answer.status, *vault.seal(row.uid, row.kind, row.scope, said)


def _unsealed(vault: Vault, row: AnswerRow) -> Answer | None:
    if row.sealed is None:
        return None
    try:
        said = vault.unseal(_Sealed(row.uid, row.kind, row.scope, row.sealed, row.key_id))
    except NotOpened:  # the vault's key was changed since
        return None
    body = zlib.decompress(base64.b64decode(said["body"]))
    return Answer(int(said["status"]), json.loads(said["headers"]), body)


@dataclass(frozen=True, slots=True)
class _Sealed:
    uid: str
    kind: str
    scope: str
    sealed: bytes
    key_id: str
