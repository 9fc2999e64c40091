"""Stock-takes: scope, who counts, what was expected and what was said of it; what labels said when they were printed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _stocktakes()
    _lines()
    _marks()
    _changes()
    _labels()


def _stocktakes() -> None:
    op.create_table('stocktake', _id(),
        sa.Column('number', sa.Text(), nullable=False),
        _text('kind'), _text('title'), _text('scope'), sa.Column('blind', sa.Boolean(), nullable=False),
        _text('opened_by'), _at('opened_at'), sa.Column('closed_at', sa.BigInteger(), nullable=True),
        _text('closed_by', ''), _text('note', ''), _text('digest', ''),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_stocktake')),
        sa.UniqueConstraint('number', name=op.f('uq_stocktake_number')),
    )
    op.create_index('ix_stocktake_closed_at', 'stocktake', ['closed_at'])
    op.create_table('stocktake_person', _of(), sa.Column('account', sa.Text(), nullable=False),
        *_belongs('stocktake_person', 'account'),
    )
    op.create_index('ix_stocktake_person_account', 'stocktake_person', ['account'])


def _lines() -> None:
    op.create_table('stocktake_line', _of(), sa.Column('ci_id', Id, nullable=False), _text('thing'),
        _at('last_seen', '0'), _text('plugged', ''), _ci('stocktake_line'), *_belongs('stocktake_line', 'ci_id'),
    )
    op.create_index('ix_stocktake_line_ci_id', 'stocktake_line', ['ci_id'])


def _marks() -> None:
    op.create_table('stocktake_mark', _id(), _of(), sa.Column('ci_id', Id, nullable=True), _text('thing', ''),
        _text('outcome'), _at('at'), _text('who'), _text('place', ''), _text('seen', ''), _text('note', ''),
        _text('key'), _ci('stocktake_mark'),
        sa.ForeignKeyConstraint(['stocktake_id'], ['stocktake.id'],
                                name=op.f('fk_stocktake_mark_stocktake_id_stocktake')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_stocktake_mark')),
    )
    op.create_index('uq_stocktake_mark_key', 'stocktake_mark', ['stocktake_id', 'key'], unique=True)
    op.create_index('ix_stocktake_mark_ci_id', 'stocktake_mark', ['ci_id'])


def _changes() -> None:
    op.create_table('stocktake_change', _of(), sa.Column('ci_id', Id, nullable=False), _text('number'),
        _ci('stocktake_change'), *_belongs('stocktake_change', 'ci_id'),
    )


def _labels() -> None:
    op.create_table('label_print', _id(), sa.Column('ci_id', Id, nullable=False), _text('text'), _text('format'),
        _at('at'), _text('who'), _ci('label_print'), sa.PrimaryKeyConstraint('id', name=op.f('pk_label_print')),
    )
    op.create_index('ix_label_print_ci_id', 'label_print', ['ci_id', 'id'])


def _id() -> sa.Column[int]:
    return sa.Column('id', Id, autoincrement=True, nullable=False)


def _of() -> sa.Column[int]:
    return sa.Column('stocktake_id', Id, nullable=False)


def _belongs(table: str, other: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(['stocktake_id'], ['stocktake.id'], name=op.f(f'fk_{table}_stocktake_id_stocktake')),
        sa.PrimaryKeyConstraint('stocktake_id', other, name=op.f(f'pk_{table}')),
    )


def _ci(table: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f(f'fk_{table}_ci_id_ci'))


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _at(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=default and sa.text(default), nullable=False)
