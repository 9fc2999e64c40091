"""Whom a password is shown to, how often, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from discovery.credentials import Login
from discovery.failures import Failed
from discovery.redfish.trust import Trust
from discovery.redfish.visit import visit
from discovery.secret import Secret
from tests.discovery.redfish.service import LOGIN, NOTHING, SESSION, Heard, Reply, certificate, honest, serving
from tests.discovery.redfish.visits import ROOT, SHORT, SMALL, instead, met, reasons, refusal


async def test_a_wrong_password_is_sent_once_and_nothing_more_is_asked(tmp_path: Path) -> None:
    async with serving(honest(SMALL), tmp_path) as service:
        with pytest.raises(Failed, match="login_refused"):
            await visit("127.0.0.1", service.port, Login("inspector", Secret("wrong")), Trust(), SHORT)
    assert [each.method for each in service.heard] == ["GET", "POST"]


async def test_a_wrong_password_is_sent_once_by_basic_too(tmp_path: Path) -> None:
    def refusing(heard: Heard) -> Reply:
        return Reply(ROOT) if heard.path == "/redfish/v1/" else Reply({}, 401)

    async with serving(refusing, tmp_path) as service:
        with pytest.raises(Failed, match="login_refused"):
            await visit("127.0.0.1", service.port, LOGIN, Trust(), SHORT, "basic")
    assert [each.method for each in service.heard] == ["GET", "GET"]


async def test_a_full_table_of_sessions_leaves_basic(tmp_path: Path) -> None:
    full = Reply({"error": {"@Message.ExtendedInfo": [{"MessageId": "Base.1.8.SessionLimitExceeded"}]}}, 400)
    found, service = await met(instead("/redfish/v1/SessionService/Sessions", full), tmp_path)
    assert found.identified.serial == "AB12345"
    assert "authorization" in service.heard[-1].headers


async def test_a_key_that_is_not_the_pinned_one_is_sent_nothing(tmp_path: Path) -> None:
    cause, service = await refusal(honest(SMALL), tmp_path, trust=Trust(key="0" * 64))
    assert cause == "host_key_changed"
    assert service.heard == []


async def test_the_key_of_first_use_is_told_and_holds(tmp_path: Path) -> None:
    found, _ = await met(honest(SMALL), tmp_path)
    async with serving(honest(SMALL), tmp_path) as service:
        assert (await visit("127.0.0.1", service.port, LOGIN, Trust(key=found.key), SHORT)).key == found.key
    other = tmp_path / "other"
    other.mkdir()
    assert (await refusal(honest(SMALL), other, trust=Trust(key=found.key)))[0] == "host_key_changed"


async def test_a_certificate_is_believed_by_its_authority_and_its_name_only(tmp_path: Path) -> None:
    authority, _ = certificate(tmp_path, "bmc-7.example.net")
    stranger, _ = certificate(tmp_path, "stranger")
    async with serving(honest(SMALL), tmp_path, "bmc-7.example.net") as service:
        there = ("127.0.0.1", service.port, LOGIN)
        found = await visit(*there, Trust(authorities=authority, name="bmc-7.example.net"), SHORT)
        assert found.identified.serial == "AB12345"
        heard = len(service.heard)
        for trust in (Trust(authorities=authority), Trust(authorities=stranger, name="bmc-7.example.net"),
                      Trust(authorities=authority, name="bmc-8.example.net")):  # fmt: skip
            with pytest.raises(Failed, match="unpinned"):
                await visit(*there, trust, SHORT)
        assert len(service.heard) == heard


async def test_the_password_stands_in_no_failure(tmp_path: Path) -> None:
    replies: Iterator[Reply] = iter([Reply(ROOT), Reply({}, 401)])
    with pytest.raises(Failed) as failed:
        await met(lambda _: next(replies, NOTHING), tmp_path)
    assert LOGIN.secret.reveal() not in f"{failed.value!r}{failed.value.__cause__!r}{failed.value.detail}"


async def test_one_resource_that_is_forbidden_costs_itself_and_the_session_is_closed(tmp_path: Path) -> None:
    for status, cause in ((401, "login_refused"), (403, "authorization")):
        found, service = await met(instead("/redfish/v1/Chassis", Reply({}, status)), tmp_path)
        assert found.identified.serial == "AB12345"
        assert reasons(found)["components"] == cause
        assert (service.heard[-1].method, service.heard[-1].path) == ("DELETE", SESSION)


async def test_a_session_is_closed_though_the_visit_has_used_up_what_it_may(tmp_path: Path) -> None:
    _, service = await refusal(instead("/redfish/v1/Systems", Reply({}, endless=True), {**SMALL, "/redfish/v1": {
        **ROOT, "Chassis": None}}), tmp_path)  # fmt: skip
    assert service.heard[-1].method == "DELETE"
