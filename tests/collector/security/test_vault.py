"""The vault: opens what it sealed for the same row, and nothing else; its keys come from where they are said to be."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.security.secrets import UnsafeSecret
from collector.security.vault import MAX_SECRET_BYTES, BadKey, NotOpened, Vault

ONE, OTHER = bytes(range(32)), bytes(range(1, 33))
SECRET = {"user": "muster", "password": "hard-to-guess-7141"}


@dataclass(frozen=True)
class Kept:
    uid: str
    kind: str
    scope: str
    sealed: bytes
    key_id: str


def kept(vault: Vault, secret: dict[str, str] = SECRET) -> Kept:
    scope = '{"ranges": ["192.0.2.0/24"]}'
    return Kept("uid-1", "ssh", scope, *vault.seal("uid-1", "ssh", scope, secret))


def test_what_is_sealed_opens_again_and_shows_nothing_meanwhile() -> None:
    vault = Vault([ONE])
    row = kept(vault)
    assert vault.unseal(row) == SECRET
    assert b"hard-to-guess" not in row.sealed
    assert row.sealed != kept(vault).sealed


@pytest.mark.parametrize(
    "moved",
    [
        {"uid": "uid-2"}, {"kind": "nut"}, {"scope": '{"ranges": ["0.0.0.0/0"]}'}, {"key_id": "0123456789abcdef"},
        {"key_id": ""}, {"sealed": b""}, {"sealed": b"\x01"}, {"sealed": b"\x02" * 200},
    ],
)  # fmt: skip
def test_a_secret_does_not_open_for_another_row(moved: dict[str, str]) -> None:
    vault = Vault([ONE])
    row = replace(kept(vault), **moved)
    for refused in (vault.unseal, vault.rewrap):
        with pytest.raises(NotOpened):
            refused(row)


def test_what_a_row_is_bound_to_cannot_be_shifted_from_one_field_to_the_next() -> None:
    vault = Vault([ONE])
    sealed, key_id = vault.seal("ab", "c", "d", SECRET)
    with pytest.raises(NotOpened):
        vault.unseal(Kept("a", "bc", "d", sealed, key_id))


def test_the_key_of_another_secret_does_not_open_this_one() -> None:
    vault = Vault([ONE])
    first, second = kept(vault), kept(vault, {"password": "another"})
    mixed = replace(first, sealed=second.sealed[:61] + first.sealed[61:])
    with pytest.raises(NotOpened):
        vault.unseal(mixed)


def test_another_key_opens_nothing_and_the_refusal_says_nothing() -> None:
    row = kept(Vault([ONE]))
    with pytest.raises(NotOpened) as refused:
        Vault([OTHER]).unseal(row)
    told = "".join(traceback.format_exception(refused.value))
    assert "hard-to-guess" not in told
    assert OTHER.hex() not in told


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_whatever_stands_in_a_row_is_refused_with_the_one_declared_error(sealed: bytes) -> None:
    vault = Vault([ONE])
    for blob in (sealed, b"\x01" + sealed):
        with pytest.raises(NotOpened):
            vault.unseal(Kept("uid-1", "ssh", "{}", blob, vault.key_id))


@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_a_single_bit_that_flips_is_noticed(at: int, bit: int) -> None:
    vault = Vault([ONE])
    row = kept(vault)
    damaged = bytearray(row.sealed)
    damaged[at % len(damaged)] ^= 1 << bit
    with pytest.raises(NotOpened):
        vault.unseal(replace(row, sealed=bytes(damaged)))


def test_a_new_key_takes_over_and_the_secret_itself_is_not_encrypted_again() -> None:
    row = kept(Vault([ONE]))
    both = Vault([OTHER, ONE])
    assert both.unseal(row) == SECRET
    sealed, key_id = both.rewrap(row)
    moved = replace(row, sealed=sealed, key_id=key_id)
    assert Vault([OTHER]).unseal(moved) == SECRET
    assert moved.sealed[61:] == row.sealed[61:]
    with pytest.raises(NotOpened):
        Vault([ONE]).unseal(moved)


def test_a_secret_has_a_bound() -> None:
    with pytest.raises(ValueError, match="bytes"):
        Vault([ONE]).seal("u", "ssh", "{}", {"key": "k" * MAX_SECRET_BYTES})


def test_nothing_secret_shows_in_a_representation() -> None:
    vault = Vault([ONE])
    assert ONE.hex() not in repr(vault)
    assert repr(vault) == f"Vault({vault.key_id})"


# --- where the key comes from


def test_the_first_start_makes_a_key_for_the_owner_alone_and_the_next_one_finds_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    row = kept(Vault.open(tmp_path, {}))
    file = tmp_path / "vault.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert len(bytes.fromhex(file.read_text().strip())) == 32
    assert Vault.open(tmp_path, {}).unseal(row) == SECRET


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    Vault.open(tmp_path, {})
    (tmp_path / "vault.key").chmod(0o640)
    with pytest.raises(UnsafeSecret, match="chmod 600"):
        Vault.open(tmp_path, {})


def test_the_file_beats_systemd_which_beats_the_environment_which_beats_the_data_folder(tmp_path: Path) -> None:
    keys = {name: bytes([at] * 32) for at, name in enumerate(("file", "systemd", "environ"), 1)}
    (tmp_path / "muster-vault").write_text(keys["systemd"].hex())
    named = tmp_path / "named.key"
    named.write_text(keys["file"].hex())
    named.chmod(0o600)
    environ = {
        "MUSTER_VAULT_KEY_FILE": str(named), "CREDENTIALS_DIRECTORY": str(tmp_path),
        "MUSTER_VAULT_KEY": keys["environ"].hex(),
    }  # fmt: skip
    for name, variable in (("file", "MUSTER_VAULT_KEY_FILE"), ("systemd", "CREDENTIALS_DIRECTORY"), ("environ", "")):
        assert Vault.open(tmp_path, environ).key_id == Vault([keys[name]]).key_id
        environ.pop(variable, None)
    assert not (tmp_path / "vault.key").exists()


def test_a_file_of_two_keys_seals_with_the_first_and_opens_with_both(tmp_path: Path) -> None:
    row = kept(Vault([ONE]))
    vault = Vault.open(tmp_path, {"MUSTER_VAULT_KEY": f"{OTHER.hex()}\n{ONE.hex()}\n"})
    assert vault.unseal(row) == SECRET
    assert vault.key_id == Vault([OTHER]).key_id


def test_a_key_file_that_is_named_and_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="not there"):
        Vault.open(tmp_path, {"MUSTER_VAULT_KEY_FILE": str(tmp_path / "gone")})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text", [" ", "hunter2-hunter2", "ab" * 31, "ab" * 33, "zz" * 32, f"{'ab' * 32} 12", "ａｂ" * 32]
)
def test_a_key_of_another_form_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadKey, match="64 hexadecimal digits") as refused:
        Vault.open(tmp_path, {"MUSTER_VAULT_KEY": text})
    told = "".join(traceback.format_exception(refused.value))
    assert "hunter2" not in told
    assert "abab" not in told


def test_a_secret_is_kept_in_any_language() -> None:
    vault = Vault([ONE])
    assert vault.unseal(kept(vault, {"password": "口令🔑"})) == json.loads('{"password": "口令🔑"}')
