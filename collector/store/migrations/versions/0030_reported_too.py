"""Whose reports were merged into an incident stands in it: it is theirs to follow, to score and to reopen.

Channels that name the events they hear, and heard of warnings as updates, hear of them by their own name.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
