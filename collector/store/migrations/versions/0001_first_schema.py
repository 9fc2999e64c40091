"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
        op.create_table('account',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('password_hash', sa.Text(), server_default='', nullable=False),
        sa.Column('roles', sa.Text(), server_default='[]', nullable=False),
        sa.Column('state', sa.Text(), server_default='active', nullable=False),
        sa.Column('language', sa.Text(), server_default='', nullable=False),
        sa.Column('theme', sa.Text(), server_default='', nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('failures', sa.Integer(), server_default=sa.text('0'), nullable=False),
        sa.Column('locked_until', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
        sa.UniqueConstraint('name', name=op.f('uq_account_name'))
        )
        op.create_table('agent',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('uid', sa.Text(), nullable=False),
        sa.Column('hostname', sa.Text(), server_default='', nullable=False),
        sa.Column('state', sa.Text(), server_default='active', nullable=False),
        sa.Column('instance_key', sa.LargeBinary(), nullable=False),
        sa.Column('join_counter', sa.Integer(), server_default=sa.text('0'), nullable=False),
        sa.Column('token_id', sa.LargeBinary(), nullable=True),
        sa.Column('enrolled_at', sa.BigInteger(), nullable=False),
        sa.Column('address', sa.Text(), server_default='', nullable=False),
        sa.Column('serial_current', sa.Text(), nullable=True),
        sa.Column('serial_next', sa.Text(), nullable=True),
        sa.Column('certificate_until', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('last_seen', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('version', sa.Text(), server_default='', nullable=False),
        sa.Column('clock_offset_ms', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('spool_depth', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('dropped_total', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('rss_bytes', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('cpu_ms', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('failing_sections', sa.Text(), server_default='[]', nullable=False),
        sa.Column('state_reason', sa.Text(), server_default='', nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_agent')),
        sa.UniqueConstraint('instance_key', name=op.f('uq_agent_instance_key')),
        sa.UniqueConstraint('uid', name=op.f('uq_agent_uid'))
        )
        op.create_table('ci',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('uid', sa.Text(), nullable=False),
        sa.Column('ci_class', sa.Text(), nullable=False),
        sa.Column('ci_type', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('environment', sa.Text(), server_default='production', nullable=False),
        sa.Column('label', sa.Text(), nullable=True),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('arrival', sa.Text(), server_default='', nullable=False),
        sa.Column('merged_into', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.ForeignKeyConstraint(['merged_into'], ['ci.id'], name=op.f('fk_ci_merged_into_ci')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ci')),
        sa.UniqueConstraint('label', name=op.f('uq_ci_label')),
        sa.UniqueConstraint('uid', name=op.f('uq_ci_uid'))
        )
        op.create_index('ix_ci_ci_class_state', 'ci', ['ci_class', 'state'], unique=False)
        op.create_index('ix_ci_name', 'ci', ['name'], unique=False)
        op.create_table('duplicate_case',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('why', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), server_default='open', nullable=False),
        sa.Column('opened_at', sa.BigInteger(), nullable=False),
        sa.Column('fingerprint', sa.Text(), nullable=False),
        sa.Column('decided_by', sa.Text(), nullable=True),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_duplicate_case')),
        sa.UniqueConstraint('fingerprint', name=op.f('uq_duplicate_case_fingerprint'))
        )
        op.create_table('enrol_token',
        sa.Column('id', sa.LargeBinary(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('created_by', sa.Text(), nullable=False),
        sa.Column('note', sa.Text(), server_default='', nullable=False),
        sa.Column('uses_left', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_enrol_token'))
        )
        op.create_table('outbox',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('destination', sa.Text(), nullable=False),
        sa.Column('payload', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), server_default='waiting', nullable=False),
        sa.Column('attempts', sa.Integer(), server_default=sa.text('0'), nullable=False),
        sa.Column('next_at', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('sent_at', sa.BigInteger(), nullable=True),
        sa.Column('error', sa.Text(), server_default='', nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
        sa.UniqueConstraint('key', name=op.f('uq_outbox_key'))
        )
        op.create_index('ix_outbox_state_next_at', 'outbox', ['state', 'next_at'], unique=False)
        op.create_table('path',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('section', sa.Text(), nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_path')),
        sa.UniqueConstraint('section', 'key', name='uq_path_section_key')
        )
        op.create_table('setting',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_setting'))
        )
        op.create_table('val',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('hash', sa.LargeBinary(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_val')),
        sa.UniqueConstraint('hash', name=op.f('uq_val_hash'))
        )
        op.create_table('alert',
        sa.Column('rule', sa.Text(), nullable=False),
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('instance', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('outcome', sa.Text(), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('changed_at', sa.BigInteger(), nullable=False),
        sa.Column('evidence', sa.Text(), server_default='{}', nullable=False),
        sa.Column('reason', sa.Text(), server_default='', nullable=False),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_alert_ci_id_ci')),
        sa.PrimaryKeyConstraint('rule', 'ci_id', 'instance', name=op.f('pk_alert'))
        )
        op.create_index('ix_alert_ci_id', 'alert', ['ci_id'], unique=False)
        op.create_table('api_token',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('key_hash', sa.LargeBinary(), nullable=False),
        sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('used_at', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('revoked_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_api_token_account_id_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
        sa.UniqueConstraint('key_hash', name=op.f('uq_api_token_key_hash'))
        )
        op.create_table('auth',
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('path_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('vf', sa.BigInteger(), nullable=False),
        sa.Column('tf', sa.BigInteger(), nullable=False),
        sa.Column('vt', sa.BigInteger(), server_default=sa.text('253402300799999'), nullable=False),
        sa.Column('tt', sa.BigInteger(), server_default=sa.text('253402300799999'), nullable=False),
        sa.Column('val_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('basis', sa.Text(), nullable=False),
        sa.Column('ref', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_auth_ci_id_ci')),
        sa.ForeignKeyConstraint(['path_id'], ['path.id'], name=op.f('fk_auth_path_id_path')),
        sa.ForeignKeyConstraint(['val_id'], ['val.id'], name=op.f('fk_auth_val_id_val')),
        sa.PrimaryKeyConstraint('ci_id', 'path_id', 'vf', 'tf', name=op.f('pk_auth')),
        sqlite_with_rowid=False
        )
        op.create_table('drop_record',
        sa.Column('agent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('epoch', sa.LargeBinary(), nullable=False),
        sa.Column('first_seq', sa.BigInteger(), nullable=False),
        sa.Column('last_seq', sa.BigInteger(), nullable=False),
        sa.Column('count', sa.BigInteger(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('told_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_drop_record_agent_id_agent')),
        sa.PrimaryKeyConstraint('agent_id', 'epoch', 'first_seq', 'last_seq', name=op.f('pk_drop_record'))
        )
        op.create_table('duplicate_member',
        sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('evidence', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['case_id'], ['duplicate_case.id'], name=op.f('fk_duplicate_member_case_id_duplicate_case')),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_duplicate_member_ci_id_ci')),
        sa.PrimaryKeyConstraint('case_id', 'ci_id', name=op.f('pk_duplicate_member'))
        )
        op.create_table('incident',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('number', sa.Text(), nullable=False),
        sa.Column('cause_key', sa.Text(), nullable=False),
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('severity', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('detail', sa.Text(), nullable=False),
        sa.Column('opened_at', sa.BigInteger(), nullable=False),
        sa.Column('resolved_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_incident_ci_id_ci')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_incident')),
        sa.UniqueConstraint('number', name=op.f('uq_incident_number'))
        )
        op.create_index('ix_incident_ci_id', 'incident', ['ci_id', 'opened_at'], unique=False)
        op.create_index('uq_incident_open_cause', 'incident', ['cause_key'], unique=True, sqlite_where=sa.text('resolved_at IS NULL'), postgresql_where=sa.text('resolved_at IS NULL'))
        op.create_table('login_link',
        sa.Column('key_hash', sa.LargeBinary(), nullable=False),
        sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('used_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_login_link_account_id_account')),
        sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_login_link'))
        )
        op.create_table('observation',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('agent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('epoch', sa.LargeBinary(), nullable=False),
        sa.Column('seq', sa.BigInteger(), nullable=False),
        sa.Column('received_at', sa.BigInteger(), nullable=False),
        sa.Column('payload', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_observation_agent_id_agent')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_observation')),
        sa.UniqueConstraint('agent_id', 'epoch', 'seq', name='uq_observation_agent_id_epoch_seq')
        )
        op.create_index('ix_observation_agent_id_id', 'observation', ['agent_id', 'id'], unique=False)
        op.create_table('session',
        sa.Column('key_hash', sa.LargeBinary(), nullable=False),
        sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('used_at', sa.BigInteger(), nullable=False),
        sa.Column('csrf', sa.Text(), nullable=False),
        sa.Column('address', sa.Text(), server_default='', nullable=False),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_session_account_id_account')),
        sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_session'))
        )
        op.create_index('ix_session_account_id', 'session', ['account_id'], unique=False)
        op.create_table('source',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('agent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('applied_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), server_default=sa.text('0'), nullable=False),
        sa.Column('applied_epoch', sa.LargeBinary(), nullable=True),
        sa.Column('applied_seq', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('state_hash', sa.LargeBinary(), nullable=True),
        sa.Column('confirmed_at', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_source_agent_id_agent')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_source')),
        sa.UniqueConstraint('code', name=op.f('uq_source_code'))
        )
        op.create_table('token_use',
        sa.Column('token_id', sa.LargeBinary(), nullable=False),
        sa.Column('instance_key', sa.LargeBinary(), nullable=False),
        sa.Column('used_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['token_id'], ['enrol_token.id'], name=op.f('fk_token_use_token_id_enrol_token')),
        sa.PrimaryKeyConstraint('token_id', 'instance_key', name=op.f('pk_token_use'))
        )
        op.create_table('claim',
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('path_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('vf', sa.BigInteger(), nullable=False),
        sa.Column('tf', sa.BigInteger(), nullable=False),
        sa.Column('vt', sa.BigInteger(), server_default=sa.text('253402300799999'), nullable=False),
        sa.Column('tt', sa.BigInteger(), server_default=sa.text('253402300799999'), nullable=False),
        sa.Column('val_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('lo', sa.BigInteger(), nullable=False),
        sa.Column('observation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('cause', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_claim_ci_id_ci')),
        sa.ForeignKeyConstraint(['path_id'], ['path.id'], name=op.f('fk_claim_path_id_path')),
        sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_claim_source_id_source')),
        sa.ForeignKeyConstraint(['val_id'], ['val.id'], name=op.f('fk_claim_val_id_val')),
        sa.PrimaryKeyConstraint('ci_id', 'path_id', 'source_id', 'vf', 'tf', name=op.f('pk_claim')),
        sqlite_with_rowid=False
        )
        op.create_table('fact',
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('path_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('vf', sa.BigInteger(), nullable=False),
        sa.Column('tf', sa.BigInteger(), nullable=False),
        sa.Column('vt', sa.BigInteger(), server_default=sa.text('253402300799999'), nullable=False),
        sa.Column('tt', sa.BigInteger(), server_default=sa.text('253402300799999'), nullable=False),
        sa.Column('val_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('why', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_fact_ci_id_ci')),
        sa.ForeignKeyConstraint(['path_id'], ['path.id'], name=op.f('fk_fact_path_id_path')),
        sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_fact_source_id_source')),
        sa.ForeignKeyConstraint(['val_id'], ['val.id'], name=op.f('fk_fact_val_id_val')),
        sa.PrimaryKeyConstraint('ci_id', 'path_id', 'vf', 'tf', name=op.f('pk_fact')),
        sqlite_with_rowid=False
        )
        op.create_index('ix_fact_current', 'fact', ['path_id', 'val_id', 'ci_id'], unique=False, sqlite_where=sa.text('vt = 253402300799999'), postgresql_where=sa.text('vt = 253402300799999'))
        op.create_table('finding',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('verdict', sa.Text(), nullable=False),
        sa.Column('lo', sa.BigInteger(), nullable=False),
        sa.Column('hi', sa.BigInteger(), nullable=False),
        sa.Column('opened_at', sa.BigInteger(), nullable=False),
        sa.Column('closed_at', sa.BigInteger(), nullable=True),
        sa.Column('resolved_by', sa.Text(), nullable=True),
        sa.Column('reason', sa.Text(), server_default='', nullable=False),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_finding_ci_id_ci')),
        sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_finding_source_id_source')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_finding'))
        )
        op.create_index('ix_finding_ci_id', 'finding', ['ci_id', 'opened_at'], unique=False)
        op.create_index('ix_finding_open', 'finding', ['ci_id'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        op.create_table('identifier',
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('first_at', sa.BigInteger(), nullable=False),
        sa.Column('last_at', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.Text(), server_default='live', nullable=False),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_identifier_ci_id_ci')),
        sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_identifier_source_id_source')),
        sa.PrimaryKeyConstraint('kind', 'value', 'ci_id', name=op.f('pk_identifier')),
        sqlite_with_rowid=False
        )
        op.create_index('ix_identifier_ci_id', 'identifier', ['ci_id'], unique=False)
        op.create_table('parked',
        sa.Column('observation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.ForeignKeyConstraint(['case_id'], ['duplicate_case.id'], name=op.f('fk_parked_case_id_duplicate_case')),
        sa.ForeignKeyConstraint(['observation_id'], ['observation.id'], name=op.f('fk_parked_observation_id_observation')),
        sa.PrimaryKeyConstraint('observation_id', 'role', name=op.f('pk_parked'))
        )
        op.create_table('rejected_observation',
        sa.Column('observation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['observation_id'], ['observation.id'], name=op.f('fk_rejected_observation_observation_id_observation')),
        sa.PrimaryKeyConstraint('observation_id', name=op.f('pk_rejected_observation'))
        )
        op.create_table('relation',
        sa.Column('a', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('b', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('vf', sa.BigInteger(), nullable=False),
        sa.Column('vt', sa.BigInteger(), server_default=sa.text('253402300799999'), nullable=False),
        sa.Column('lo', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['a'], ['ci.id'], name=op.f('fk_relation_a_ci')),
        sa.ForeignKeyConstraint(['b'], ['ci.id'], name=op.f('fk_relation_b_ci')),
        sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_relation_source_id_source')),
        sa.PrimaryKeyConstraint('a', 'kind', 'b', 'source_id', 'vf', name=op.f('pk_relation'))
        )
        op.create_index('ix_relation_b', 'relation', ['b', 'kind'], unique=False)
        op.create_table('section',
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('status', sa.SmallInteger(), nullable=False),
        sa.Column('reason', sa.Text(), server_default='', nullable=False),
        sa.Column('last_try', sa.BigInteger(), nullable=False),
        sa.Column('last_ok', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('misses', sa.Integer(), server_default=sa.text('0'), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('hash', sa.LargeBinary(), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_section_ci_id_ci')),
        sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_section_source_id_source')),
        sa.PrimaryKeyConstraint('ci_id', 'source_id', 'name', name=op.f('pk_section')),
        sqlite_with_rowid=False
        )
        op.create_table('subject_ci',
        sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('ci_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('matched_by', sa.Text(), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['ci_id'], ['ci.id'], name=op.f('fk_subject_ci_ci_id_ci')),
        sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_subject_ci_source_id_source')),
        sa.PrimaryKeyConstraint('source_id', 'role', name=op.f('pk_subject_ci'))
        )
        op.create_index('ix_subject_ci_ci_id', 'subject_ci', ['ci_id'], unique=False)
        op.create_table('finding_item',
        sa.Column('finding_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('path_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('auth_val_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('old_val_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('new_val_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
        sa.Column('lo', sa.BigInteger(), nullable=False),
        sa.Column('hi', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.Text(), server_default='open', nullable=False),
        sa.Column('observation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.ForeignKeyConstraint(['auth_val_id'], ['val.id'], name=op.f('fk_finding_item_auth_val_id_val')),
        sa.ForeignKeyConstraint(['finding_id'], ['finding.id'], name=op.f('fk_finding_item_finding_id_finding')),
        sa.ForeignKeyConstraint(['new_val_id'], ['val.id'], name=op.f('fk_finding_item_new_val_id_val')),
        sa.ForeignKeyConstraint(['old_val_id'], ['val.id'], name=op.f('fk_finding_item_old_val_id_val')),
        sa.ForeignKeyConstraint(['path_id'], ['path.id'], name=op.f('fk_finding_item_path_id_path')),
        sa.PrimaryKeyConstraint('finding_id', 'path_id', name=op.f('pk_finding_item'))
        )
        op.create_index('ix_finding_item_path_id', 'finding_item', ['path_id'], unique=False)
    
