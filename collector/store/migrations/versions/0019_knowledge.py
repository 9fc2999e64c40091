"""The knowledge base: articles and their versions, votes, and the words they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _articles()
    _beside()


def _articles() -> None:
    op.create_table('knowledge_article',
        sa.Column('id', Id, autoincrement=True, nullable=False), sa.Column('number', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False), _text('state'), _text('body'), _text('made_by'),
        _at('made_at'), _text('written_by'), _at('written_at'), _text('moved_by', ''), _at('moved_at', '0'),
        _text('note', ''), _number('published', '0'), _number('helpful', '0'), _number('not_helpful', '0'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_knowledge_article')),
        sa.UniqueConstraint('number', name=op.f('uq_knowledge_article_number')),
    )
    op.create_index('ix_knowledge_article_state_id', 'knowledge_article', ['state', 'id'])
    op.create_table('knowledge_version',
        sa.Column('article_id', Id, nullable=False), sa.Column('version', sa.Integer(), nullable=False),
        _text('body'), _text('written_by'), _at('written_at'), _points('knowledge_version'),
        sa.PrimaryKeyConstraint('article_id', 'version', name=op.f('pk_knowledge_version')),
    )


def _beside() -> None:
    op.create_table('knowledge_vote',
        sa.Column('article_id', Id, nullable=False), _text('who'), sa.Column('helpful', sa.Boolean(), nullable=False),
        _at('at'), _points('knowledge_vote'),
        sa.PrimaryKeyConstraint('article_id', 'who', name=op.f('pk_knowledge_vote')),
    )
    op.create_table('knowledge_word',
        _text('word'), sa.Column('article_id', Id, nullable=False), _number('weight'), _points('knowledge_word'),
        sa.PrimaryKeyConstraint('word', 'article_id', name=op.f('pk_knowledge_word')),
    )
    op.create_index('ix_knowledge_word_article_id', 'knowledge_word', ['article_id'])


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _at(name: str, default: str | None = None) -> sa.Column[int]:
    fallback = None if default is None else sa.text(default)
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=fallback)


def _number(name: str, default: str | None = None) -> sa.Column[int]:
    fallback = None if default is None else sa.text(default)
    return sa.Column(name, sa.Integer(), nullable=False, server_default=fallback)


def _points(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f'fk_{table}_article_id_knowledge_article')
    return sa.ForeignKeyConstraint(['article_id'], ['knowledge_article.id'], name=name)
