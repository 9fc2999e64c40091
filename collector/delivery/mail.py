"""E-mail over SMTP (RFC 5321): text and HTML beside each other, a thread an incident, many in one mail, files with it.

The standard library's client works in a thread of its own. Headers hold one clean line each; a text from a device is
escaped in HTML and can begin no header.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import re
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from collector.channel import APART
from collector.clock import Clock
from collector.delivery import DeliveryFailed, Fate, Story
from collector.delivery.letter import Letter, compose
from collector.delivery.message import Voice, incident_of
from collector.model import Delivery
from collector.wording import clean

TIMEOUT_S: Final = 15.0
MAX_SUBJECT: Final = 200
STARTTLS, TLS, PLAIN = "starttls", "tls", "none"
ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", re.ASCII
)
"""An address as people write it (RFC 5321 §4.1.2, without quotes)."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in. `security`: starttls, tls or none."""

    host: str
    port: int
    security: str = STARTTLS
    ca: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """Who writes to whom, in which voice; `prefix` tells our incidents from those of another collector."""

    sender: str
    recipients: tuple[str, ...]
    prefix: str
    voice: Voice


class Mail:
    """A destination: one server, one list of addresses."""

    alone = 3

    def __init__(self, server: Server, terms: Terms, clock: Clock) -> None:
        self._server, self._terms, self._clock = server, terms, clock
        self.files_in = terms.voice.language

    async def __call__(self, delivery: Delivery) -> None:
        await self.send([Story(delivery, (delivery.event,), 0)])

    async def send(self, stories: Sequence[Story]) -> None:
        """Send one mail; raise `DeliveryFailed`."""
        mail = self.composed(stories)
        await asyncio.to_thread(_hand_in, self._server, self._terms.recipients, mail)

    def composed(self, stories: Sequence[Story]) -> EmailMessage:
        """Return the mail about these incidents."""
        letter = compose(stories, self._terms.voice)
        mail = EmailMessage(policy=SMTP.clone(max_line_length=200))
        mail["Subject"] = clean(letter.heading)[:MAX_SUBJECT]
        mail["From"], mail["To"] = self._terms.sender, ", ".join(self._terms.recipients)
        mail["Date"] = format_datetime(_moment(self._clock()))
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        self._thread(mail, stories)
        mail.set_content(_text(letter))
        mail.add_alternative(_html(letter, self._terms.voice.language), subtype="html")
        for each in (file for story in stories for file in story.files):
            kind, _, subtype = each.media_type.partition("/")
            mail.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
        return mail

    def _thread(self, mail: EmailMessage, stories: Sequence[Story]) -> None:
        """Name the mail: an opening begins the thread of its incident, what follows refers to that."""
        domain = self._terms.sender.rpartition("@")[2]
        if len(stories) > 1:
            keys = "\n".join(each.last.key for each in stories)
            mail["Message-ID"] = f"<{self._terms.prefix}many.{hashlib.sha256(keys.encode()).hexdigest()[:32]}@{domain}>"
            return
        delivery = stories[0].last
        root = f"<{self._terms.prefix}{_word(incident_of(delivery.payload).get('number'))}@{domain}>"
        if delivery.event in ("opened", *APART):
            mail["Message-ID"] = root
        else:
            which = hashlib.sha256(delivery.key.encode()).hexdigest()[:16]
            mail["Message-ID"] = f"{root.partition('@')[0]}.{which}@{domain}>"
            mail["In-Reply-To"] = mail["References"] = root
        for name, value in _marks(delivery).items():
            mail[name] = value


def _marks(delivery: Delivery) -> dict[str, str]:
    """Return headers for programs that sort mail."""
    incident = incident_of(delivery.payload)
    told = {"Key": delivery.key, "Event": delivery.event, "Severity": incident.get("severity"),
            "State": incident.get("state")}  # fmt: skip
    return {f"X-Muster-{name}": _line(str(value)) for name, value in told.items()}


def _hand_in(server: Server, recipients: Sequence[str], mail: EmailMessage) -> None:
    sent = False
    try:
        with _connected(server) as client:
            if server.security == STARTTLS:
                client.starttls(context=_context(server))
            if server.user:
                client.login(server.user, server.password)
            sent = True
            client.send_message(mail, to_addrs=list(recipients))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _refused(min(codes, default=550), "all recipients refused") from None
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryFailed(f"login refused: SMTP {error.smtp_code}") from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, "SMTP") from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryFailed(type(error).__name__, Fate.UNKNOWN if sent else Fate.RETRY) from None


def _connected(server: Server) -> smtplib.SMTP:
    if server.security == TLS:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=_context(server))
    return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)


def _refused(code: int, what: str) -> DeliveryFailed:
    """5yz is for good (RFC 5321 §4.2.1), but for 530, 535 and 554, which often speak of us and not of the mail."""
    is_for_good = 500 <= code < 600 and code not in (530, 534, 535, 554)
    return DeliveryFailed(f"{what}: {code}", Fate.REJECTED if is_for_good else Fate.RETRY)


def _context(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=server.ca or None)


def _text(letter: Letter) -> str:
    return "\n".join([letter.heading, "", *(each.text for each in letter.lines), ""])


def _html(letter: Letter, language: str) -> str:
    rows = "".join(f"<li>{_item(each.text, each.link)}</li>" for each in letter.lines)
    tongue = "en" if language == "en" else "zh-CN"
    return f'<html lang="{tongue}"><body><h3>{html.escape(letter.heading)}</h3><ul>{rows}</ul></body></html>\n'


def _item(text: str, link: str) -> str:
    said = html.escape(text)
    return f'<a href="{html.escape(link, quote=True)}">{said}</a>' if link else said


def _line(text: str) -> str:
    return clean(text).encode("ascii", "replace").decode()


def _word(value: Any) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "", str(value))[:64]


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
