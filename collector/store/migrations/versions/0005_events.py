"""Events: what devices say by themselves, and what a probe's receiver has heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('event',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('zone', sa.Text(), server_default='', nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.Column('count', sa.BigInteger(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('severity', sa.Text(), nullable=False),
        sa.Column('object', sa.Text(), server_default='', nullable=False),
        sa.Column('actor', sa.Text(), server_default='', nullable=False),
        sa.Column('origin', sa.Text(), server_default='', nullable=False),
        sa.Column('message', sa.Text(), server_default='', nullable=False),
        sa.Column('source', sa.Text(), server_default='', nullable=False),
        sa.Column('oid', sa.Text(), server_default='', nullable=False),
        sa.Column('authentic', sa.Boolean(), nullable=False),
        sa.Column('observation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_event_ci_id_ci')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_event'))
        )
    op.create_index('ix_event_address', 'event', ['zone', 'address', 'at'], unique=False)
    op.create_index('ix_event_at', 'event', ['at'], unique=False)
    op.create_index('ix_event_ci_id_at', 'event', ['ci_id', 'at'], unique=False)
    op.add_column('agent', sa.Column('heard', sa.Text(), server_default='{}', nullable=False))
