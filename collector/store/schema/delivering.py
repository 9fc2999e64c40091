"""What is told to others and how far it got, the channels it goes by, and what others tell us."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, false, text

from collector.store.schema.base import Id, metadata, moment, numbered, words


def count(name: str, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text(str(default)))


outbox = Table(
    "outbox", metadata, numbered(),
    Column("key", Text, nullable=False, unique=True), words("destination"), words("subject", ""), words("event", ""),
    words("payload"), words("state", "waiting"),  # waiting, sent, dead, folded (into another), dropped
    count("attempts"), moment("next_at"), moment("created_at"),
    Column("sent_at", BigInteger), words("error", ""),
    words("lease", ""),  # who claimed it; a claimer that comes too late is told apart by it
    count("unsure"),  # 1: it may have arrived
    Index("ix_outbox_state_next_at", "state", "next_at"),
    Index("ix_outbox_destination_state", "destination", "state", "id"),
    Index("ix_outbox_subject", "subject", "destination", "id"),
)  # fmt: skip

channel = Table(
    "channel", metadata, Column("name", Text, primary_key=True),
    words("kind"), words("scope"),  # the address its secret is for
    words("settings", "{}"), words("wants", "{}"), words("language", "zh"), words("link", ""), count("enabled", 1),
    Column("sealed", LargeBinary, nullable=False), words("key_id"), moment("changed_at"),
)  # fmt: skip

channel_health = Table(  # how a channel fares: written by who carries, read by pages
    "channel_health", metadata, Column("name", Text, primary_key=True),
    moment("last_ok", 0), words("last_error", ""), moment("failed_at", 0), count("failures"), moment("broken_at", 0),
    moment("open_until", 0), moment("tokens", -1), moment("filled_at", 0), words("lease", ""), moment("lease_until", 0),
    moment("refreshed_at", 0), moment("reconciled_at", 0),
)  # fmt: skip

correspondence = Table(  # what a channel was last told of a subject, and what the other side calls it
    "correspondence", metadata,
    Column("destination", Text, primary_key=True), Column("subject", Text, primary_key=True),
    words("reference", ""), words("event"), Column("outbox_id", Id, nullable=False), moment("at"), count("open", 1),
    Index("ix_correspondence_open", "destination", "open", "at"),
)  # fmt: skip

attachment = Table(  # what goes with the messages of a subject by channels that take files, in their language
    "attachment", metadata, Column("subject", Text, primary_key=True), Column("language", Text, primary_key=True),
    Column("name", Text, primary_key=True), words("media_type"), Column("content", LargeBinary, nullable=False),
    moment("at"), Index("ix_attachment_at", "at"),
)  # fmt: skip

_UNBOUND = text("ci_id IS NULL AND state = 'firing'")

foreign_alert = Table(  # an alert of another system: one row a (account, source, fingerprint), its latest episode
    "foreign_alert", metadata, numbered(),
    words("account", ""),  # who tells of it; empty: nobody has since accounts are kept, so whoever does next
    words("source"), words("fingerprint"), words("state"),  # firing, resolved, expired
    words("cause_key", ""),  # of the cause it is; stays as it was when the alert came
    words("severity"), words("name", ""), words("title"), words("detail"), words("names", "{}"),
    moment("started_at"), Column("ended_at", BigInteger), Column("until", BigInteger),
    Column("ci_id", Id, ForeignKey("ci.id")), words("bound_by", ""), moment("first_at"), moment("seen_at"),
    count("times", 1),
    # what holds it back, as of ours
    words("suppressed", ""), words("held_by", ""), moment("look_at", 0),
    Column("told", Boolean, nullable=False, server_default=false()),
    Index("uq_foreign_alert_account", "source", "fingerprint", "account", unique=True),
    Index("ix_foreign_alert_ci_id", "ci_id", "state"), Index("ix_foreign_alert_state_until", "state", "until"),
    Index("ix_foreign_alert_unbound", "source", "name", "severity", sqlite_where=_UNBOUND, postgresql_where=_UNBOUND),
    Index(
        "ix_foreign_alert_look_at", "look_at", sqlite_where=text("look_at > 0"), postgresql_where=text("look_at > 0"),
    ),
)  # fmt: skip

foreign_binding = Table(  # what bears this label, or is called this, is that CI: people said so
    "foreign_binding", metadata, numbered(),
    words("source"), words("label"), words("value"), Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    words("who"), moment("at"),
    Index("uq_foreign_binding", "source", "label", "value", unique=True),
)  # fmt: skip
