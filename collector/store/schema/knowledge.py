"""The knowledge base: articles with every version of them, who found them helpful, and the words they are found by."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text("0"))


def _of() -> Column[int]:
    return Column("article_id", Id, ForeignKey("knowledge_article.id"), primary_key=True)


knowledge_article = Table(  # `body` (JSON) of its newest version; `published`: the version readers see, 0: none
    "knowledge_article", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True), Column("version", Integer, nullable=False),
    words("state"), words("body"), words("made_by"), moment("made_at"), words("written_by"), moment("written_at"),
    words("moved_by", ""), moment("moved_at", 0), words("note", ""), _number("published"), _number("helpful"),
    _number("not_helpful"), Index("ix_knowledge_article_state_id", "state", "id"),
)  # fmt: skip

knowledge_version = Table(  # only added to
    "knowledge_version", metadata, _of(), Column("version", Integer, primary_key=True, autoincrement=False),
    words("body"), words("written_by"), moment("written_at"),
)  # fmt: skip

knowledge_vote = Table(  # whether somebody found it helpful: the last word counts
    "knowledge_vote", metadata, _of(), Column("who", Text, primary_key=True),
    Column("helpful", Boolean, nullable=False), moment("at"),
)  # fmt: skip

knowledge_word = Table(  # of what is published; one index for both databases, so that both find the same
    "knowledge_word", metadata, Column("word", Text, primary_key=True), _of(),
    Column("weight", Integer, nullable=False), Index("ix_knowledge_word_article_id", "article_id"),
)  # fmt: skip
