"""Stock-takes that come by a plan, photos of their lines, signatures that are drawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column('inspection_plan', _text('makes', 'inspection'))
    _due()
    _photos()
    _signatures()


def _due() -> None:
    op.create_table('stocktake_due', sa.Column('stocktake_id', Id, nullable=False),
        sa.Column('plan_id', Id, nullable=False), _at('scheduled_for'), _at('due_at'), _text('assignee'),
        _text('deputy', ''), sa.Column('missed', sa.Integer(), nullable=False), _text('incident'), _at('warn_at'),
        sa.Column('escalated_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['stocktake_id'], ['stocktake.id'],
                                name=op.f('fk_stocktake_due_stocktake_id_stocktake')),
        sa.ForeignKeyConstraint(['plan_id'], ['inspection_plan.id'],
                                name=op.f('fk_stocktake_due_plan_id_inspection_plan')),
        sa.PrimaryKeyConstraint('stocktake_id', name=op.f('pk_stocktake_due')),
    )
    op.create_index('uq_stocktake_due_plan_id_scheduled_for', 'stocktake_due', ['plan_id', 'scheduled_for'],
                    unique=True)
    op.create_index('ix_stocktake_due_due_at', 'stocktake_due', ['due_at'])


def _photos() -> None:
    op.create_table('stocktake_photo', _id(), sa.Column('stocktake_id', Id, nullable=False), _text('item'),
        _text('sha256'), _text('media_type'), sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False), _at('at'), _text('who'),
        sa.ForeignKeyConstraint(['stocktake_id'], ['stocktake.id'],
                                name=op.f('fk_stocktake_photo_stocktake_id_stocktake')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_stocktake_photo')),
    )
    op.create_index('uq_stocktake_photo_content', 'stocktake_photo', ['stocktake_id', 'item', 'sha256'], unique=True)


def _signatures() -> None:
    op.create_table('signature', _id(), _text('subject'), _text('role'), _text('who'), _at('at'), _text('digest'),
        _text('sha256'), sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_signature')),
    )
    op.create_index('uq_signature_subject', 'signature', ['subject', 'role'], unique=True)


def _id() -> sa.Column[int]:
    return sa.Column('id', Id, autoincrement=True, nullable=False)


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _at(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
