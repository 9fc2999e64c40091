"""Whether CIs can be reached: what was asked and answered, how each stands, and how that moved."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, words

reach_look = Table(  # an address, and how each way of asking it went
    "reach_look", metadata,
    Column("zone", Text, primary_key=True), Column("address", Text, primary_key=True),
    Column("agent_id", Id),  # the probe that asked last
    words("methods"),  # JSON: collector/reachability, Method
    moment("looked_at"), Index("ix_reach_look_looked_at", "looked_at"),
)  # fmt: skip

reach = Table(  # how a CI stands: collector/reachability, Standing
    "reach", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True, autoincrement=False),
    words("state"), moment("since"), words("why", ""), moment("answered_at", 0), moment("missed_at", 0),
    Column("behind", Id, ForeignKey("ci.id")),  # whose failure explains this one; null: its own
    Column("held", Boolean, nullable=False, server_default=text("false")),
    words("ways", "{}"),
    Index("ix_reach_state", "state"), Index("ix_reach_behind", "behind"),
)  # fmt: skip

reach_cut = Table(  # there is no way to a CI while `cut_by` has failed, whether it is missed already or not
    "reach_cut", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True, autoincrement=False),
    Column("cut_by", Id, ForeignKey("ci.id"), nullable=False), Index("ix_reach_cut_cut_by", "cut_by"),
)  # fmt: skip

reach_move = Table(  # only added to
    "reach_move", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    words("state"), words("why", ""), Column("behind", Id), Index("ix_reach_move_at", "at"),
)  # fmt: skip

reach_watch = Table(  # the one sweep of a zone that is begun again and again
    "reach_watch", metadata,
    Column("zone", Text, primary_key=True), Column("sweep_id", Id, ForeignKey("sweep.id"), nullable=False),
    moment("began_at", 0),
    words("lent", ""),  # to whom it was lent what, when that was last told
)  # fmt: skip
