"""What was true when: the lanes, the paths, values and documents they are made of, relations, who has a say."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from collector.model import FOREVER
from collector.store.schema.base import OPEN, Id, metadata, moment, numbered, words

path = Table(
    "path", metadata, numbered(), words("section"), words("key"),
    UniqueConstraint("section", "key", name="uq_path_section_key"),
)  # fmt: skip

val = Table(
    "val", metadata, numbered(), Column("hash", LargeBinary, nullable=False, unique=True), words("text"),
)  # fmt: skip

document = Table(  # a text of many lines, once however often it is held; `packed`: zlib
    "document", metadata,
    Column("sha256", Text, primary_key=True), Column("size", BigInteger, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)  # fmt: skip

section = Table(  # one confirmation a (CI, source, section); the body is the last complete one
    "section", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("status", SmallInteger, nullable=False), words("reason", ""),
    moment("last_try"), moment("last_ok", 0), Column("misses", Integer, nullable=False, server_default=text("0")),
    Column("revision", Integer, nullable=False), Column("hash", LargeBinary, nullable=False),
    Column("body", LargeBinary), sqlite_with_rowid=False,
)  # fmt: skip


def _lane(name: str, *own: Column[object], key: tuple[str, ...] = ()) -> Table:
    """A lane: value intervals in valid time [vf, vt) and in recorded time [tf, tt)."""
    keyed = ("ci_id", "path_id", *key, "vf", "tf")
    columns: list[Column[object]] = [
        Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
        Column("path_id", Id, ForeignKey("path.id"), nullable=False),
        Column("vf", BigInteger, nullable=False),
        Column("vt", BigInteger, nullable=False, server_default=OPEN),
        Column("tf", BigInteger, nullable=False),
        Column("tt", BigInteger, nullable=False, server_default=OPEN),
        Column("val_id", Id, ForeignKey("val.id")),  # null: absent
        *own,
    ]
    for column in columns:
        column.primary_key = column.name in keyed
    return Table(name, metadata, *sorted(columns, key=lambda c: keyed.index(c.name) if c.name in keyed else 99),
                 sqlite_with_rowid=False)  # fmt: skip


claim = _lane(
    "claim",
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("lo", BigInteger, nullable=False),  # when this lane last confirmed the value before
    Column("observation_id", Id, nullable=False),
    Column("cause", Text, nullable=False),  # first, world, revision
    Column("gone_lo", BigInteger),  # these three of how it went, where nothing follows
    Column("gone_cause", Text),
    Column("gone_tf", BigInteger),
    key=("source_id",),
)
fact = _lane(
    "fact",
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("why", Text, nullable=False),  # rank, takeover, rule, lock
    Column("gone_tf", BigInteger),  # when its end was recorded, where nothing follows
)
Index("ix_fact_current", fact.c.path_id, fact.c.val_id, fact.c.ci_id,
      sqlite_where=fact.c.vt == FOREVER, postgresql_where=fact.c.vt == FOREVER)  # fmt: skip
auth = _lane(
    "auth",
    Column("basis", Text, nullable=False),  # arrival, change, request, emergency, accepted, correction
    Column("ref", Text, nullable=False),
    Column("gone_tf", BigInteger),  # as that of a fact
)

contender = Table(  # who has a say where several sources speak of one value: what time alone can move
    "contender", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), Column("section", Text, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("due_at", BigInteger),  # when to look again, were it not heard until then; null: never
    Column("heard_at", BigInteger),  # it was passed over for its silence: when it was last heard
    Index("ix_contender_due_at", "due_at",
          sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_contender_heard_at", "source_id",
          sqlite_where=text("heard_at IS NOT NULL"), postgresql_where=text("heard_at IS NOT NULL")),
    sqlite_with_rowid=False,
)  # fmt: skip

value_lock = Table(  # a value somebody holds in its place, until a day
    "value_lock", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("path_id", Id, ForeignKey("path.id"), nullable=False),
    Column("val_id", Id, ForeignKey("val.id"), nullable=False),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),  # whose word it is
    moment("since"), moment("expires_at"), words("reason"), words("change", ""),
    Column("ended_at", BigInteger), words("ended_by", ""), words("ended_why", ""),  # expired, released, holder, ci …
    Index("ix_value_lock_ci_id", "ci_id"),
    Index("uq_value_lock_open", "ci_id", "path_id", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
)  # fmt: skip

relation = Table(
    "relation", metadata,
    Column("a", Id, ForeignKey("ci.id"), primary_key=True), Column("kind", Text, primary_key=True),
    Column("b", Id, ForeignKey("ci.id"), primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("vf", BigInteger, primary_key=True), Column("vt", BigInteger, nullable=False, server_default=OPEN),
    moment("tf"), Column("gone_tf", BigInteger),  # when it was recorded that it began, and that it ended
    moment("lo"), Index("ix_relation_b", "b", "kind"),
)  # fmt: skip
