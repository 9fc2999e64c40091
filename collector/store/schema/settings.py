"""What the collector remembers of itself."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from collector.store.schema.base import metadata, words

setting = Table(
    "setting", metadata, Column("name", Text, primary_key=True), words("value"),
)  # fmt: skip
