"""Credentials, plans of sweeps, sweeps, and the ledger of their targets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('credential',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('uid', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('scope', sa.Text(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('key_id', sa.Text(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('created_by', sa.Text(), nullable=False),
        sa.Column('changed_at', sa.BigInteger(), nullable=False),
        sa.Column('used_at', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('suspended_until', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('suspended_why', sa.Text(), server_default='', nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_credential')),
        sa.UniqueConstraint('name', name=op.f('uq_credential_name')),
        sa.UniqueConstraint('uid', name=op.f('uq_credential_uid'))
        )
    op.create_table('sweep_plan',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('uid', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('zone', sa.Text(), server_default='', nullable=False),
        sa.Column('settings', sa.Text(), nullable=False),
        sa.Column('schedule', sa.Text(), server_default='', nullable=False),
        sa.Column('state', sa.Text(), server_default='active', nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('created_by', sa.Text(), nullable=False),
        sa.Column('next_at', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sweep_plan')),
        sa.UniqueConstraint('name', name=op.f('uq_sweep_plan_name')),
        sa.UniqueConstraint('uid', name=op.f('uq_sweep_plan_uid'))
        )
    op.create_table('sweep',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('uid', sa.Text(), nullable=False),
        sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('agent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('zone', sa.Text(), server_default='', nullable=False),
        sa.Column('settings', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), server_default='', nullable=False),
        sa.Column('asked_by', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('started_at', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('ended_at', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('cursor', sa.Text(), server_default='', nullable=False),
        sa.Column('counts', sa.Text(), server_default='{}', nullable=False),
        sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_sweep_agent_id_agent')),
        sa.ForeignKeyConstraint(['plan_id'], ['sweep_plan.id'], name=op.f('fk_sweep_plan_id_sweep_plan')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sweep')),
        sa.UniqueConstraint('uid', name=op.f('uq_sweep_uid'))
        )
    op.create_index('ix_sweep_plan_id', 'sweep', ['plan_id'], unique=False)
    op.create_index('ix_sweep_state', 'sweep', ['state'], unique=False)
    op.create_table('sweep_target',
        sa.Column('sweep_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('stage', sa.Text(), nullable=False),
        sa.Column('cause', sa.Text(), server_default='', nullable=False),
        sa.Column('detail', sa.Text(), server_default='', nullable=False),
        sa.Column('credential', sa.Text(), server_default='', nullable=False),
        sa.Column('found', sa.Text(), server_default='{}', nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('took_ms', sa.Integer(), server_default=sa.text('0'), nullable=False),
        sa.ForeignKeyConstraint(['sweep_id'], ['sweep.id'], name=op.f('fk_sweep_target_sweep_id_sweep')),
        sa.PrimaryKeyConstraint('sweep_id', 'address', name=op.f('pk_sweep_target'))
        )
    op.create_index('ix_sweep_target_cause', 'sweep_target', ['sweep_id', 'cause'], unique=False)
