"""What follows a word that announces a secret is not told; what only speaks of one is."""

from __future__ import annotations

import pytest

from discovery.receiver.masking import HIDDEN, masked

SECRET = "Tr0ub4dor&3"


@pytest.mark.parametrize("text", [
    f"snmp-agent community read cipher {SECRET}", f"username ops password 7 {SECRET}", f"tacacs key {SECRET}",
    f"snmp-server user u g v3 auth sha {SECRET} priv aes 128 {SECRET}",
    f'Command="local-user x password cipher {SECRET}"',
    f"COMMAND=/usr/bin/curl --token={SECRET}", f"wpa psk ascii 0 {SECRET}", f"passphrase: {SECRET}",
    f"enable secret 5 {SECRET}", f"key-string {SECRET}", f'cfgattr="psksecret[{SECRET}]" msg="Edit"',
    f"PASSWORD={SECRET}",
])  # fmt: skip
def test_secrets_in_commands_are_not_told(text: str) -> None:
    assert SECRET not in masked(text)
    assert masked(text).endswith(HIDDEN)


@pytest.mark.parametrize("text", [
    "Failed password for root from 192.0.2.1 port 22 ssh2", "Accepted publickey for ops from 192.0.2.1 port 22",
    "password changed for user ops", "Interface GigabitEthernet0/1, changed state to down", "key exchange failed",
    "monkey business", "PWD=/root ; USER=root ; COMMAND=/bin/ls",
])  # fmt: skip
def test_what_speaks_of_secrets_and_tells_none_is_told(text: str) -> None:
    assert masked(text) == text
