"""People and how they come in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

account = Table(
    "account", metadata, numbered(),
    Column("name", Text, nullable=False, unique=True), words("password_hash", ""), words("roles", "[]"),
    words("state", "active"), words("language", ""), words("theme", ""), moment("created_at"),
    Column("failures", Integer, nullable=False, server_default=text("0")), moment("locked_until", 0),
)  # fmt: skip

session = Table(
    "session", metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    moment("created_at"), moment("used_at"), words("csrf"), words("address", ""),
    Index("ix_session_account_id", "account_id"),
)  # fmt: skip

login_link = Table(  # one use each
    "login_link", metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    moment("expires_at"), Column("used_at", BigInteger),
)  # fmt: skip

api_token = Table(
    "api_token", metadata, numbered(),
    Column("key_hash", LargeBinary, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    words("name"), moment("created_at"), moment("expires_at"), moment("used_at", 0), Column("revoked_at", BigInteger),
)  # fmt: skip

kept_answer = Table(  # what was answered to a request with a key; without `sealed`: it was carried out, and no more
    "kept_answer", metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True), Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False), moment("at"), Column("sealed", LargeBinary), words("key_id", ""),
    Index("ix_kept_answer_at", "at"),
)  # fmt: skip
