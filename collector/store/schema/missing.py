"""CIs that are missed, and the runs that missed them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from collector.store.schema.base import Id, metadata, moment, numbered, words

presence = Table(  # a CI that was missed: collector/retirement.py
    "presence", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True, autoincrement=False),
    words("phase", "missed"),  # missed, gone, retired, back
    Column("misses", Integer, nullable=False), moment("first_at"), moment("last_at"),  # of those that count
    moment("seen_at", 0),  # when it was last seen before them
    moment("again_at", 0),  # when something answered for it since
    moment("retired_at", 0),
)  # fmt: skip

presence_run = Table(  # a look at many CIs, and whether its misses count
    "presence_run", metadata, numbered(),
    words("kind"), words("scope"),  # sweep and its plan's uid, or agents
    Column("reference", Text, nullable=False, unique=True),  # the sweep's uid
    moment("began_at"), moment("ended_at"), words("verdict"),  # counted, quarantined, believed
    Column("looked", Integer, nullable=False), Column("gone", Integer, nullable=False),
    Column("missed", Integer),  # null: what a person believes is not counted yet
    words("believed_by", ""), words("reason", ""),
    Index("ix_presence_run_scope", "scope", "ended_at"),
)  # fmt: skip
