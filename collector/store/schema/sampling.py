"""Samples: the values rules look back on, and nothing else."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text, UniqueConstraint

from collector.store.schema.base import Id, metadata, moment, numbered, words

series = Table(  # one field of one element of a section, as one source tells it
    "series", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    words("section"), words("element"), words("field"),
    UniqueConstraint("ci_id", "section", "field", "element", "source_id"),
)  # fmt: skip

sample = Table(  # at most one a slot: what came last in it
    "sample", metadata,
    Column("series_id", Id, ForeignKey("series.id"), primary_key=True),
    Column("slot", BigInteger, primary_key=True),
    moment("at"), Column("value", Text, nullable=False),  # JSON; null: it was not there
    sqlite_with_rowid=False,
)  # fmt: skip
