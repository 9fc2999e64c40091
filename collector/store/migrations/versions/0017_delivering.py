"""Channels people set up, an outbox with leases, who calls an incident what, and alerts of other systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _outbox()
    _channels()
    op.create_table(
        "foreign_alert", sa.Column("id", Id, primary_key=True, autoincrement=True),
        _words("source"), _words("fingerprint"), _words("state"), _words("severity"), _words("title"),
        _words("detail"), _words("names", "{}"), _number("started_at"),
        sa.Column("ended_at", sa.BigInteger), sa.Column("until", sa.BigInteger),
        sa.Column("ci_id", Id, sa.ForeignKey("ci.id", name="fk_foreign_alert_ci_id_ci")), _words("bound_by", ""),
        _number("first_at"), _number("seen_at"), _count("times", "1"),
    )
    op.create_index("uq_foreign_alert_source_fingerprint", "foreign_alert", ["source", "fingerprint"], unique=True)
    op.create_index("ix_foreign_alert_ci_id", "foreign_alert", ["ci_id", "state"])
    op.create_index("ix_foreign_alert_state_until", "foreign_alert", ["state", "until"])


def _outbox() -> None:
    for column in (_words("subject", ""), _words("event", ""), _words("lease", ""), _count("unsure", "0")):
        op.add_column("outbox", column)
    rows = op.get_bind().execute(sa.text("SELECT id, key, destination FROM outbox")).all()
    parts = [
        dict(zip(("its_subject", "its_event"), row.key.removesuffix(f"@{row.destination}").rsplit("|", 1), strict=True),
             its_id=row.id)
        for row in rows if "|" in row.key
    ]
    if parts:
        named = sa.text("UPDATE outbox SET subject = :its_subject, event = :its_event WHERE id = :its_id")
        op.get_bind().execute(named, parts)
    op.create_index("ix_outbox_destination_state", "outbox", ["destination", "state", "id"])
    op.create_index("ix_outbox_subject", "outbox", ["subject", "destination", "id"])


def _channels() -> None:
    op.create_table(
        "channel", sa.Column("name", sa.Text, primary_key=True), _words("kind"), _words("scope"),
        _words("settings", "{}"), _words("wants", "{}"), _words("language", "zh"), _words("link", ""),
        _count("enabled", "1"), sa.Column("sealed", sa.LargeBinary, nullable=False), _words("key_id"),
        _number("changed_at"),
    )
    op.create_table(
        "channel_health", sa.Column("name", sa.Text, primary_key=True), _number("last_ok", "0"),
        _words("last_error", ""), _number("failed_at", "0"), _count("failures", "0"), _number("broken_at", "0"),
        _number("open_until", "0"), _number("tokens", "-1"), _number("filled_at", "0"), _words("lease", ""),
        _number("lease_until", "0"), _number("refreshed_at", "0"), _number("reconciled_at", "0"),
    )
    op.create_table(
        "correspondence", sa.Column("destination", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True), _words("reference", ""), _words("event"),
        sa.Column("outbox_id", Id, nullable=False), _number("at"), _count("open", "1"),
    )
    op.create_index("ix_correspondence_open", "correspondence", ["destination", "open", "at"])


def _words(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _number(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default and sa.text(default))


def _count(name: str, default: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text(default))
