"""Changes: what was asked for, planned, said and done; templates of standard work; freezes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _templates()
    _changes()
    _scope()
    _said()
    _freezes()


def _templates() -> None:
    op.create_table('change_template', _id(),
        sa.Column('number', sa.Text(), nullable=False),
        _text('title'), _text('text', ''), _text('paths'), _text('proposed_by'), _at('proposed_at'), _at('until'),
        _text('state', 'proposed'), _text('decided_by', ''), _at('decided_at', '0'), _text('reason', ''),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_change_template')),
        sa.UniqueConstraint('number', name=op.f('uq_change_template_number')),
    )


def _changes() -> None:
    op.create_table('change', _id(),
        sa.Column('number', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        _text('type'), _text('state'), _text('initiator'), _at('created_at'), _at('moved_at'),
        _text('title'), _text('reason'), _text('implementer'), _at('requested_at'),
        _maybe('planned_at'), _maybe('window_start'), _maybe('window_end'), _text('plan_text', ''),
        sa.Column('template_id', Id, nullable=True),
        _maybe('finished_at'), _maybe('cancelled_at'), _text('origin', ''), _text('reference', ''),
        sa.Column('finding_id', Id, nullable=True),
        sa.ForeignKeyConstraint(['template_id'], ['change_template.id'],
                                name=op.f('fk_change_template_id_change_template')),
        sa.ForeignKeyConstraint(['finding_id'], ['finding.id'], name=op.f('fk_change_finding_id_finding')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_change')),
        sa.UniqueConstraint('number', name=op.f('uq_change_number')),
    )
    op.create_index('ix_change_window', 'change', ['window_end', 'window_start'])
    op.create_index('ix_change_state', 'change', ['state'])
    op.create_index('ix_change_moved_at', 'change', ['moved_at'])
    given = sa.text("origin <> ''")
    op.create_index('uq_change_reference', 'change', ['origin', 'reference'], unique=True,
                    sqlite_where=given, postgresql_where=given)


def _scope() -> None:
    op.create_table('change_ci', _key(), sa.Column('ci_id', Id, nullable=False),
        _of('change_ci'), _of('change_ci', 'ci'),
        sa.PrimaryKeyConstraint('change_id', 'ci_id', name=op.f('pk_change_ci')),
    )
    op.create_index('ix_change_ci_ci_id', 'change_ci', ['ci_id'])
    op.create_table('change_line', *_placed('change_line'), sa.Column('ci_id', Id, nullable=False),
        _text('section'), _text('key', ''), _text('field', ''), _text('how'), _text('value'),
        _of('change_line', 'ci'),
    )
    op.create_index('ix_change_line_ci_id', 'change_line', ['ci_id'])


def _said() -> None:
    op.create_table('change_word', *_placed('change_word'),
        _text('stage'), _text('role'), _text('who'), _at('at'), _text('content_hash'),
        sa.Column('granted', sa.Boolean(), nullable=False), _text('reason', ''),
    )
    op.create_table('change_task', *_placed('change_task'), _text('text'), _text('assignee'), _maybe('done_at'))
    op.create_index('ix_change_task_assignee', 'change_task', ['assignee'])
    op.create_table('change_decision', *_placed('change_decision'),
        _text('state'), _text('who'), _at('at'), _text('reason'),
    )
    op.create_table('change_trail', _id(), _key(),
        _at('at'), _text('who'), _text('act'), _text('state'), _text('detail', ''),
        _of('change_trail'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_change_trail')),
    )
    op.create_index('ix_change_trail_change_id', 'change_trail', ['change_id', 'id'])


def _freezes() -> None:
    op.create_table('freeze', _id(),
        sa.Column('uid', sa.Text(), nullable=False),
        _text('name'), _at('start'), _at('end'), _text('ci_classes', '[]'), _text('created_by'), _at('created_at'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_freeze')),
        sa.UniqueConstraint('uid', name=op.f('uq_freeze_uid')),
    )
    op.create_index('ix_freeze_end', 'freeze', ['end'])


def _id() -> sa.Column[int]:
    return sa.Column('id', Id, autoincrement=True, nullable=False)


def _key() -> sa.Column[int]:
    return sa.Column('change_id', Id, nullable=False)


def _placed(table: str) -> list[Any]:
    """Return what a numbered part of a change begins with."""
    return [
        _key(), sa.Column('place', sa.Integer(), autoincrement=False, nullable=False), _of(table),
        sa.PrimaryKeyConstraint('change_id', 'place', name=op.f(f'pk_{table}')),
    ]  # fmt: skip


def _of(table: str, what: str = 'change') -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f'{what}_id'], [f'{what}.id'], name=op.f(f'fk_{table}_{what}_id_{what}'))


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _at(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=default and sa.text(default))


def _maybe(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)
