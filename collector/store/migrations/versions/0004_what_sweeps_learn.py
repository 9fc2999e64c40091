"""What sweeps learn of addresses, pins, refusals; the ledger in the order of addresses; incidents that are of no CI."""

from __future__ import annotations

import ipaddress

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 5000


def upgrade() -> None:
    op.create_table('known_device',
        sa.Column('zone', sa.Text(), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('credential', sa.Text(), server_default='', nullable=False),
        sa.Column('vendor', sa.Text(), server_default='', nullable=False),
        sa.Column('dialect', sa.Text(), server_default='', nullable=False),
        sa.Column('stamps', sa.Text(), server_default='', nullable=False),
        sa.Column('seen_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('zone', 'address', name=op.f('pk_known_device'))
        )
    op.create_index('ix_known_device_seen_at', 'known_device', ['zone', 'seen_at'], unique=False)
    op.create_table('pin',
        sa.Column('zone', sa.Text(), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('value', sa.Text(), server_default='', nullable=False),
        sa.Column('pinned_by', sa.Text(), server_default='', nullable=False),
        sa.Column('pinned_at', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('seen', sa.Text(), server_default='', nullable=False),
        sa.Column('seen_at', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.PrimaryKeyConstraint('zone', 'address', 'kind', name=op.f('pk_pin'))
        )
    op.create_table('refusal',
        sa.Column('credential', sa.Text(), nullable=False),
        sa.Column('zone', sa.Text(), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('credential', 'zone', 'address', name=op.f('pk_refusal'))
        )
    op.create_index('ix_refusal_at', 'refusal', ['at'], unique=False)
    op.add_column('sweep_target', sa.Column('place', sa.Text(), server_default='', nullable=False))
    op.create_index('ix_sweep_target_place', 'sweep_target', ['sweep_id', 'place'], unique=False)
    _place_targets(op.get_bind())
    _let_incidents_have_no_ci()


def _place_targets(connection: sa.Connection) -> None:
    """Give each row of a ledger its place, as `collector.store.sweep_targets.place` does."""
    rows = connection.execute(sa.text("SELECT sweep_id, address FROM sweep_target")).all()
    write = sa.text("UPDATE sweep_target SET place = :place WHERE sweep_id = :sweep AND address = :address")
    for at in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[at : at + ROWS_AT_ONCE]
        connection.execute(write, [{"place": _place(row[1]), "sweep": row[0], "address": row[1]} for row in part])


def _place(address: str) -> str:
    found = ipaddress.ip_address(address)
    return f"{found.version}{int(found):032x}"


def _let_incidents_have_no_ci() -> None:
    """Take NOT NULL off incident.ci_id; SQLite has to write the table anew, and its partial index with it."""
    op.drop_index('uq_incident_open_cause', table_name='incident')
    with op.batch_alter_table('incident') as batch:
        batch.alter_column('ci_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True)
    op.create_index('uq_incident_open_cause', 'incident', ['cause_key'], unique=True,
        sqlite_where=sa.text('resolved_at IS NULL'), postgresql_where=sa.text('resolved_at IS NULL'))
