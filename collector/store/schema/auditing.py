"""The audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from collector.store.schema.base import metadata, moment, words

audit = Table(  # hash-chained: collector/security/chain.py
    "audit", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("at"), words("actor"), words("origin"), words("action"), words("object"), words("details"),
    Column("prev", LargeBinary, nullable=False), Column("hash", LargeBinary, nullable=False, unique=True),
    Index("ix_audit_at", "at"), Index("ix_audit_object", "object", "seq"),
)  # fmt: skip

audit_mark = Table(  # where the chain begins, and its head; who appends holds the head
    "audit_mark", metadata, Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False), Column("hash", LargeBinary, nullable=False), moment("at"),
)  # fmt: skip

audit_anchor = Table(  # the head of each day, signed: collector/security/anchor.py; only added to
    "audit_anchor", metadata, Column("day", Text, primary_key=True), Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False), moment("at"), Column("signature", LargeBinary, nullable=False),
)  # fmt: skip
