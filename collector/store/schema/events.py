"""What devices said by themselves."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table

from collector.store.schema.base import Id, metadata, moment, numbered, words

event = Table(  # what devices said by themselves; those alike are one row with a count
    "event", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id")),  # null: nobody knows yet what stands at the address
    words("zone", ""), words("address"), moment("at"), moment("until"), Column("count", BigInteger, nullable=False),
    words("kind"), words("severity"), words("object", ""), words("actor", ""), words("origin", ""),
    words("message", ""), words("source", ""), words("oid", ""), Column("authentic", Boolean, nullable=False),
    Column("observation_id", Id, nullable=False),
    Index("ix_event_ci_id_at", "ci_id", "at"), Index("ix_event_at", "at"),
    Index("ix_event_address", "zone", "address", "at"),
)  # fmt: skip
