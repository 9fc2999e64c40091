"""Rules by which newcomers are accepted.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FOREVER = "253402300799999"
_CURRENT = sa.text(f"vt = {_FOREVER}")


def upgrade() -> None:
    op.create_table('arrival_rule', sa.Column('id', Id, autoincrement=True, nullable=False),
        _text('number'), sa.Column('version', sa.Integer(), nullable=False), _text('name'), _text('ci_class'),
        _text('ci_type', ''), _text('zone', ''), _text('ranges'), _text('gives', '{}'),
        sa.Column('is_on', sa.Boolean(), nullable=False),
        sa.Column('on_since', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('ends_at', sa.BigInteger(), nullable=True), _text('made_by'),
        sa.Column('vf', sa.BigInteger(), nullable=False),
        sa.Column('vt', sa.BigInteger(), server_default=sa.text(_FOREVER), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_arrival_rule')),
    )
    op.create_index('uq_arrival_rule_number_version', 'arrival_rule', ['number', 'version'], unique=True)
    op.create_index('uq_arrival_rule_current', 'arrival_rule', ['number'], unique=True,
                    sqlite_where=_CURRENT, postgresql_where=_CURRENT)


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def downgrade() -> None:
    op.drop_table('arrival_rule')
