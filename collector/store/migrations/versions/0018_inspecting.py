"""Periodic maintenance: plans and their versions, runs, what was checked, filled in, photographed, signed and added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _plans()
    _runs()
    _lines()
    _people()


def _plans() -> None:
    op.create_table('inspection_plan', _id(),
        sa.Column('number', sa.Text(), nullable=False), sa.Column('version', sa.Integer(), nullable=False),
        _text('body'), _text('state', 'active'), _text('made_by'), _at('made_at'), _at('next_for', '0'),
        _at('next_at', '0'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_inspection_plan')),
        sa.UniqueConstraint('number', name=op.f('uq_inspection_plan_number')),
    )
    op.create_index('ix_inspection_plan_state_next_at', 'inspection_plan', ['state', 'next_at'])
    op.create_table('inspection_plan_version',
        sa.Column('plan_id', Id, nullable=False), sa.Column('version', sa.Integer(), nullable=False),
        _text('body'), _text('made_by'), _at('made_at'),
        _points('inspection_plan_version', 'plan_id', 'inspection_plan'),
        sa.PrimaryKeyConstraint('plan_id', 'version', name=op.f('pk_inspection_plan_version')),
    )


def _runs() -> None:
    op.create_table('inspection_run', _id(),
        sa.Column('number', sa.Text(), nullable=False), sa.Column('plan_id', Id, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False), _text('title'), _at('scheduled_for'), _at('made_at'),
        _at('looked_at'), _at('due_at'), sa.Column('missed', sa.Integer(), nullable=False),
        sa.Column('previous_id', Id, nullable=True), _text('incident', ''), _text('state', 'open'),
        _text('assignee', ''), _text('deputy', ''), _text('counts', '{}'), _text('signed_by', ''),
        sa.Column('signed_at', sa.BigInteger(), nullable=True), _text('reviewed_by', ''),
        sa.Column('reviewed_at', sa.BigInteger(), nullable=True), _text('digest', ''),
        sa.Column('escalated_at', sa.BigInteger(), nullable=True),
        _points('inspection_run', 'plan_id', 'inspection_plan'),
        _points('inspection_run', 'previous_id', 'inspection_run'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_inspection_run')),
        sa.UniqueConstraint('number', name=op.f('uq_inspection_run_number')),
    )
    op.create_index('uq_inspection_run_plan_id_scheduled_for', 'inspection_run', ['plan_id', 'scheduled_for'],
                    unique=True)
    op.create_index('ix_inspection_run_state_due_at', 'inspection_run', ['state', 'due_at'])
    op.create_index('ix_inspection_run_made_at', 'inspection_run', ['made_at'])


def _lines() -> None:
    op.create_table('inspection_ci', _run(), sa.Column('ci_id', Id, nullable=False), _text('thing'),
        _points('inspection_ci', 'run_id', 'inspection_run'), _points('inspection_ci', 'ci_id', 'ci'),
        sa.PrimaryKeyConstraint('run_id', 'ci_id', name=op.f('pk_inspection_ci')),
    )
    op.create_index('ix_inspection_ci_ci_id', 'inspection_ci', ['ci_id'])
    op.create_table('inspection_line', _run(), sa.Column('ci_id', Id, nullable=False),
        sa.Column('rule', sa.Text(), nullable=False), sa.Column('instance', sa.Text(), nullable=False),
        _text('state'), _text('reason', ''), _text('severity', ''), _text('evidence', '{}'), _text('limits', '{}'),
        _at('since', '0'), _at('observed_at', '0'), _text('source', ''), _text('incident', ''), _text('standing', ''),
        _points('inspection_line', 'run_id', 'inspection_run'), _points('inspection_line', 'ci_id', 'ci'),
        sa.PrimaryKeyConstraint('run_id', 'ci_id', 'rule', 'instance', name=op.f('pk_inspection_line')),
    )


def _people() -> None:
    op.create_table('inspection_answer', _id(), _run(), _text('item'), _text('value', ''), _text('note', ''),
        _at('at'), _text('who'), _text('key'), _points('inspection_answer', 'run_id', 'inspection_run'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_inspection_answer')),
    )
    op.create_index('uq_inspection_answer_key', 'inspection_answer', ['run_id', 'key'], unique=True)
    op.create_table('inspection_photo', _id(), _run(), _text('item'), _text('sha256'), _text('media_type'),
        sa.Column('size', sa.Integer(), nullable=False), sa.Column('content', sa.LargeBinary(), nullable=False),
        _at('at'), _text('who'), _points('inspection_photo', 'run_id', 'inspection_run'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_inspection_photo')),
    )
    op.create_index('uq_inspection_photo_content', 'inspection_photo', ['run_id', 'item', 'sha256'], unique=True)
    op.create_table('inspection_note', _id(), _run(), _text('text'), _at('at'), _text('who'),
        _points('inspection_note', 'run_id', 'inspection_run'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_inspection_note')),
    )
    op.create_index('ix_inspection_note_run_id', 'inspection_note', ['run_id'])
    op.create_table('inspection_seal', _run(), sa.Column('body', sa.LargeBinary(), nullable=False),
        _points('inspection_seal', 'run_id', 'inspection_run'),
        sa.PrimaryKeyConstraint('run_id', name=op.f('pk_inspection_seal')),
    )


def _id() -> sa.Column[int]:
    return sa.Column('id', Id, autoincrement=True, nullable=False)


def _run() -> sa.Column[int]:
    return sa.Column('run_id', Id, nullable=False)


def _points(table: str, column: str, other: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint([column], [f'{other}.id'], name=op.f(f'fk_{table}_{column}_{other}'))


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _at(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=default and sa.text(default), nullable=False)
