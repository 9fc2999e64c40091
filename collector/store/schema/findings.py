"""Findings: drift no approved change explains, what people said and do about it; what nobody saw after a change."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

finding = Table(
    "finding", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),  # who showed it first
    words("verdict"), moment("lo"), moment("hi"), moment("opened_at"), Column("closed_at", BigInteger),
    Column("due_at", BigInteger),  # when a clock of one of its items ends
    Column("waived_until", BigInteger),
    Column("campaign_id", Id),  # the campaign it is told with
    Index("ix_finding_ci_id", "ci_id", "opened_at"),
    Index("ix_finding_ci_id_hi", "ci_id", "hi"),
    Index("ix_finding_campaign_id", "campaign_id",
          sqlite_where=text("campaign_id IS NOT NULL"), postgresql_where=text("campaign_id IS NOT NULL")),
    Index("ix_finding_due_at", "due_at",
          sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_finding_open", "ci_id",
          sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
)  # fmt: skip

finding_item = Table(  # one thing that moved for one source, told from others at its path by when it was seen new
    "finding_item", metadata,
    Column("finding_id", Id, ForeignKey("finding.id"), primary_key=True),
    Column("path_id", Id, ForeignKey("path.id"), primary_key=True),
    Column("field", Text, primary_key=True), Column("hi", BigInteger, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True), moment("lo"),
    Column("auth_val_id", Id, ForeignKey("val.id")), Column("old_val_id", Id, ForeignKey("val.id")),
    Column("new_val_id", Id, ForeignKey("val.id")), words("actor", ""),
    Column("claimed", Boolean, nullable=False, server_default=text("false")),
    words("verdict"), words("change", ""), words("flags", "[]"), words("refused", "[]"),  # collector/change/matching.py
    moment("late_ms", 0), Column("due_at", BigInteger), Column("closed_at", BigInteger),
    Column("once", Boolean, nullable=False, server_default=text("false")),  # one look showed it, a second is waited for
    Column("looked_for", Boolean, nullable=False, server_default=text("false")),  # and was asked for
    Index("ix_finding_item_path_id", "path_id"),
    Index("ix_finding_item_once", "source_id", sqlite_where=text("once = 1"), postgresql_where=text("once")),
    Index("ix_finding_item_alike", "path_id", "field", text("coalesce(new_val_id, 0)"), "hi",
          sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
)  # fmt: skip

finding_past = Table(  # how it stood until then (ms); as it stands now is in `finding` alone: only added to
    "finding_past", metadata,
    Column("finding_id", Id, ForeignKey("finding.id"), primary_key=True),
    Column("until", BigInteger, primary_key=True, autoincrement=False), words("verdict"),
    Column("closed_at", BigInteger),
)  # fmt: skip

campaign = Table(  # what moved alike on many CIs within a day, by the value that showed it
    "campaign", metadata, numbered(),
    Column("path_id", Id, ForeignKey("path.id"), nullable=False), words("field"),
    Column("old_val_id", Id, ForeignKey("val.id")), Column("new_val_id", Id, ForeignKey("val.id")), moment("opened_at"),
    Column("several", Boolean, nullable=False, server_default=text("false")),  # it was others than `old`, too
)  # fmt: skip

acceptance = Table(  # a person's word, or a change made afterwards, that an item is right as it is
    "acceptance", metadata,
    Column("finding_id", Id, ForeignKey("finding.id"), primary_key=True),
    Column("path_id", Id, ForeignKey("path.id"), primary_key=True),
    Column("field", Text, primary_key=True), Column("hi", BigInteger, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("new_val_id", Id, ForeignKey("val.id")), moment("at"), words("who"), words("reference", ""),
)  # fmt: skip

finding_mark = Table(  # who did what with a finding, and why: only added to
    "finding_mark", metadata, numbered(),
    Column("finding_id", Id, ForeignKey("finding.id"), nullable=False),
    moment("at"), words("who"), words("act"), words("reason", ""), Column("until", BigInteger), words("reference", ""),
    Index("ix_finding_mark_finding_id", "finding_id", "id"),
)  # fmt: skip

revert = Table(  # somebody is to put back what a finding shows: collector/reverting.py
    "revert", metadata, numbered(),
    Column("finding_id", Id, ForeignKey("finding.id"), nullable=False),
    words("assignee"), words("asked_by"), moment("asked_at"), moment("due_at"), words("reason"),
    words("state", "open"), moment("turned_at"), words("note", ""),
    words("incident", ""),  # the number of the one it is done under
    Column("again", Integer, nullable=False, server_default=text("0")),  # how often it was said and not so
    Column("ended_at", BigInteger),
    Index("ix_revert_finding_id", "finding_id", "id"), Index("ix_revert_assignee", "assignee", "id"),
    Index("uq_revert_standing", "finding_id", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
)  # fmt: skip

unverified = Table(  # a line of a change nobody saw in time after the work: collector/services/unverified.py
    "unverified", metadata, numbered(),
    Column("change_id", Id, ForeignKey("change.id"), nullable=False),
    Column("place", Integer, nullable=False),  # of the line
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    moment("over_at"), moment("opened_at"), Column("closed_at", BigInteger),
    words("ended", ""),  # what the line came to
    Index("ix_unverified_ci_id", "ci_id", "id"), Index("ix_unverified_change_id", "change_id", "place"),
    Index("uq_unverified_open", "change_id", "place", unique=True,
          sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
)  # fmt: skip
