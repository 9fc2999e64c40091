"""Enrolment tokens: what is kept of them, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.security import ca, tokens
from collector.security.tokens import BadTerms, Terms
from collector.store import enrol_tokens
from collector.store.engine import Store
from tests.acts import act
from wire.enrolment import parse_token


def bytes_of(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.glob("muster.db*"))


AT = 1_800_000_000_000


async def test_a_token_survives_being_copied_by_people_and_pins_the_root(store: Store, tmp_path: Path) -> None:
    authority = ca.open_or_create(tmp_path)
    async with store.write() as tx:
        token = await tokens.mint(act(tx, "li.wei", AT), authority, Terms(life_s=60, uses=3, note="rack 4"))
    assert parse_token(f"  {token.text()}\n") == token
    assert token.root_pin == authority.root_pin
    assert token.secret == tokens.secret_of(authority, token.token_id)
    async with store.read() as tx:
        (kept,) = await tokens.listed(tx)
    assert (kept.id, kept.created_by, kept.note) == (token.token_id, "li.wei", "rack 4")
    assert (kept.created_at, kept.expires_at, kept.uses_left) == (AT, AT + 60_000, 3)


async def test_the_database_holds_nothing_a_token_could_be_made_from(sqlite_store: Store, tmp_path: Path) -> None:
    authority = ca.open_or_create(tmp_path)
    async with sqlite_store.write() as tx:
        token = await tokens.mint(act(tx), authority)
    kept = bytes_of(tmp_path)
    assert token.token_id in kept
    for secret in (token.secret, authority.token_key, token.text().encode()):
        assert secret not in kept


async def test_a_revoked_token_is_of_no_use_and_revoking_it_again_says_so(store: Store, tmp_path: Path) -> None:
    authority = ca.open_or_create(tmp_path)
    async with store.write() as tx:
        token = await tokens.mint(act(tx, "li.wei", AT), authority, Terms())
        assert await tokens.revoke(act(tx, at=AT + 5), token.token_id)
        assert not await tokens.revoke(act(tx, at=AT + 6), token.token_id)
        assert not await tokens.revoke(act(tx, at=AT + 6), b"unknown!")
        assert not await enrol_tokens.consume(tx, token.token_id, b"key", AT + 6)


async def test_each_use_is_counted_and_remembered_by_key(store: Store, tmp_path: Path) -> None:
    authority = ca.open_or_create(tmp_path)
    async with store.write() as tx:
        token = await tokens.mint(act(tx, "li.wei", AT), authority, Terms(uses=2))
        assert [await enrol_tokens.consume(tx, token.token_id, key, AT) for key in (b"a", b"b", b"c")] == [
            True, True, False,
        ]  # fmt: skip
        used = [await enrol_tokens.was_used_by(tx, token.token_id, key) for key in (b"a", b"b", b"c")]
    assert used == [True, True, False]


async def test_an_expired_token_cannot_be_used(store: Store, tmp_path: Path) -> None:
    authority = ca.open_or_create(tmp_path)
    async with store.write() as tx:
        token = await tokens.mint(act(tx, "li.wei", AT), authority, Terms(life_s=1))
        assert not await enrol_tokens.consume(tx, token.token_id, b"key", AT + 1000)
        assert await enrol_tokens.consume(tx, token.token_id, b"key", AT + 999)


@pytest.mark.parametrize("terms", [Terms(life_s=0), Terms(life_s=31 * 86_400), Terms(uses=0), Terms(uses=10_001)])
async def test_terms_beyond_bounds_are_refused(sqlite_store: Store, tmp_path: Path, terms: Terms) -> None:
    authority = ca.open_or_create(tmp_path)
    async with sqlite_store.write() as tx:
        with pytest.raises(BadTerms):
            await tokens.mint(act(tx), authority, terms)
        assert await tokens.listed(tx) == []
