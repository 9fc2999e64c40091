"""A real SMTP server (aiosmtpd): what arrives, in which thread, and that no title writes a header."""

from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from collector.clock import now
from collector.delivery import DeliveryFailed, Fate
from collector.delivery.mail import PLAIN, STARTTLS, Mail, Server, Terms
from collector.delivery.message import Voice
from collector.security import certificates
from collector.security.certificates import Issuer
from tests.collector.delivery.told import HOSTILE, NOW, delivery, story
from tests.conftest import free_port

TERMS = Terms("muster@example.org", ("desk@example.org", "night@example.org"), "muster-ab12-", Voice("en"))


@dataclass
class Box:
    """Takes mail, or answers DATA as it is told."""

    answers: list[str] = field(default_factory=list)
    mails: list[tuple[tuple[str, ...], EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append((tuple(envelope.rcpt_tos), parsed))
        return "250 OK"


@pytest.fixture
def box() -> Iterator[tuple[Box, Server]]:
    made, port = Box(), free_port()
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    yield made, Server("127.0.0.1", port, PLAIN)
    controller.stop()


def mail_to(server: Server) -> Mail:
    return Mail(server, TERMS, lambda: NOW)


async def test_an_incident_is_a_thread_of_mails_to_everybody(box: tuple[Box, Server]) -> None:
    kept, server = box
    for event in ("opened", "escalated", "resolved"):
        await mail_to(server)(delivery(event=event))
    (to, first), (_, second), (_, third) = kept.mails
    assert to == ("desk@example.org", "night@example.org")
    assert first["Message-ID"] == "<muster-ab12-INC-000001@example.org>"
    assert first["References"] is None
    assert {second["References"], third["References"]} == {first["Message-ID"]}
    assert len({first["Message-ID"], second["Message-ID"], third["Message-ID"]}) == 3
    assert (first["X-Muster-Key"], first["X-Muster-Event"]) == ("incident|INC-000001|opened", "opened")
    assert first["Subject"] == "[critical] New incident INC-000001 磁盘将满"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]


async def test_the_same_message_sent_again_has_the_same_id(box: tuple[Box, Server]) -> None:
    kept, server = box
    for _ in range(2):
        await mail_to(server)(delivery(event="resolved"))
        await mail_to(server).send([story("INC-000001"), story("INC-000002")])
    assert len({mail["Message-ID"] for _, mail in kept.mails}) == 2


async def test_a_hostile_title_writes_no_header_no_recipient_and_no_markup(box: tuple[Box, Server]) -> None:
    kept, server = box
    eve = "Bcc: eve@evil.example"
    for title in (HOSTILE, f"a\n{eve}\n\nbody", "b\r\n.\r\nMAIL FROM:<x@y>", f"c\u2028{eve}"):
        await mail_to(server)(delivery(title=title, assignee=title))
    for to, mail in kept.mails:
        assert to == ("desk@example.org", "night@example.org")
        assert mail["Bcc"] is None
        assert "\n" not in mail["Subject"]
        page = next(part for part in mail.iter_parts() if part.get_content_type() == "text/html")
        assert "<script" not in page.get_content()
        assert "<at " not in page.get_content()


async def test_a_storm_is_one_mail_that_lists_two_hundred(box: tuple[Box, Server]) -> None:
    kept, server = box
    await mail_to(server).send([story(f"INC-{number:06d}") for number in range(1_000)])
    [(_, mail)] = kept.mails
    text = next(part for part in mail.iter_parts() if part.get_content_type() == "text/plain").get_content()
    assert text.count("INC-") == 200
    assert "800 more are not listed" in text


@pytest.mark.parametrize(
    ("answer", "fate"),
    [("450 4.2.1 busy", Fate.RETRY), ("552 5.3.4 too big", Fate.REJECTED), ("554 5.7.1 no", Fate.RETRY)],
)
async def test_what_the_server_answers_says_whether_it_is_tried_again(
    box: tuple[Box, Server], answer: str, fate: Fate
) -> None:
    kept, server = box
    kept.answers = [answer]
    with pytest.raises(DeliveryFailed) as caught:
        await mail_to(server)(delivery())
    assert caught.value.fate is fate
    assert kept.mails == []


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await mail_to(Server("127.0.0.1", free_port(), PLAIN))(delivery())
    assert caught.value.fate is Fate.RETRY


@dataclass(frozen=True)
class Safe:
    """A server that speaks STARTTLS, asks for a login, and whom its certificate's authority vouches for."""

    box: Box
    port: int
    ca: str


@pytest.fixture
def safe(tmp_path: Path) -> Iterator[Safe]:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = certificates.self_signed_root(root_key, now())
    leaf = certificates.server_leaf(Issuer(root_key, root), key.public_key(), ["127.0.0.1"], now())
    pem = serialization.Encoding.PEM
    whole = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "server.pem").write_bytes(leaf.public_bytes(pem) + whole)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")

    def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"muster", b"geheim"), handled=False)

    made, port = Box(), free_port()
    controller = Controller(
        made, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, authenticator=login,
        auth_required=True,
    )  # fmt: skip
    controller.start()
    yield Safe(made, port, root.public_bytes(pem).decode())
    controller.stop()


async def test_mail_goes_encrypted_and_logged_in(safe: Safe) -> None:
    await mail_to(Server("127.0.0.1", safe.port, STARTTLS, safe.ca, "muster", "geheim"))(delivery())
    assert len(safe.box.mails) == 1


async def test_a_certificate_nobody_vouches_for_gets_no_password(safe: Safe) -> None:
    with pytest.raises(DeliveryFailed, match="SSL"):
        await mail_to(Server("127.0.0.1", safe.port, STARTTLS, "", "muster", "geheim"))(delivery())
    assert safe.box.mails == []


async def test_a_login_that_is_refused_is_tried_again_and_told_without_the_password(safe: Safe) -> None:
    with pytest.raises(DeliveryFailed, match="login refused") as caught:
        await mail_to(Server("127.0.0.1", safe.port, STARTTLS, safe.ca, "muster", "falsch"))(delivery())
    assert caught.value.fate is Fate.RETRY
    assert "falsch" not in str(caught.value)
