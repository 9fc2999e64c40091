"""Arrival rules: which newcomers are accepted by themselves. Every version is kept, each for its time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, text

from collector.store.schema.base import OPEN, metadata, moment, numbered, words

_CURRENT = text("vt = " + str(OPEN))

arrival_rule = Table(
    "arrival_rule", metadata, numbered(),
    words("number"), Column("version", Integer, nullable=False), words("name"),
    words("ci_class"), words("ci_type", ""),  # type empty: any of the class
    words("zone", ""), words("ranges"),  # JSON: where it must have been reached
    words("gives", "{}"),  # JSON: values of the record of what is accepted
    Column("is_on", Boolean, nullable=False), moment("on_since", 0),  # only what came to be since then
    Column("ends_at", BigInteger), words("made_by"),
    moment("vf"), Column("vt", BigInteger, nullable=False, server_default=OPEN),  # this version held over [vf, vt)
    Index("uq_arrival_rule_number_version", "number", "version", unique=True),
    Index("uq_arrival_rule_current", "number", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT),
)  # fmt: skip
