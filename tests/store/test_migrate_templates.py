"""Templates that were withdrawn, and changes made of them, come through the migration that tells the two apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.change import approval
from collector.store import change_templates, changes
from tests.store.test_migrate_campaigns import migrated

DECIDED = "INSERT INTO audit (seq, at, actor, origin, action, object, details, prev, hash) VALUES"
ROWS = (
    "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at)"
    " VALUES (1, 'u', 'server', 'pc_server', 'n', 'active', 0)",
    "INSERT INTO change_template"
    " (id, number, title, paths, proposed_by, proposed_at, until, state, decided_by, decided_at, reason) VALUES"
    """ (1, 'TPL-1', 't', '[["os", ""]]', 'ann', 1, 9000, 'withdrawn', 'max', 50, 'no more'),"""
    """ (2, 'TPL-2', 't', '[["os", ""]]', 'ann', 1, 9000, 'withdrawn', 'max', 50, 'no more'),"""
    """ (3, 'TPL-3', 't', '[["os", ""]]', 'ann', 1, 9000, 'approved', 'bea', 10, '')""",
    f"""{DECIDED} (1, 10, 'bea', 'page', 'template.decide', 'template/TPL-1',"""
    """ '{"after":{"state":"approved"},"before":{"state":"proposed"}}', x'00', x'01')""",
    f"""{DECIDED} (2, 50, 'max', 'page', 'template.decide', 'template/TPL-1',"""
    """ '{"after":{"state":"withdrawn"},"before":{"state":"approved"}}', x'01', x'02')""",
    "INSERT INTO change (id, number, version, type, state, initiator, created_at, moved_at, title, reason,"
    " implementer, requested_at, planned_at, window_start, window_end, template_id) VALUES"
    " (1, 'CHG-1', 1, 'standard', 'approved', 'ann', 20, 20, 't', 'r', 'cid', 20, 20, 60, 70, 1),"
    " (2, 'CHG-2', 1, 'standard', 'draft', 'ann', 20, 20, 't', 'r', 'cid', 20, 20, 60, 70, 1),"
    " (3, 'CHG-3', 1, 'standard', 'approved', 'ann', 20, 20, 't', 'r', 'cid', 20, 20, 60, 70, 2)",
    "INSERT INTO change_ci (change_id, ci_id) VALUES (1, 1), (2, 1), (3, 1)",
    "INSERT INTO change_line (change_id, place, ci_id, section, how, value) VALUES"
    " (1, 0, 1, 'os', 'discovered', 'null'), (2, 0, 1, 'os', 'discovered', 'null'),"
    " (3, 0, 1, 'os', 'discovered', 'null')",
    "INSERT INTO change_trail (change_id, at, who, act, state) VALUES"
    " (1, 20, 'ann', 'raise', 'draft'), (1, 30, 'ann', 'submit', 'approved'), (3, 30, 'ann', 'submit', 'approved')",
)


async def test_a_withdrawn_template_has_its_approval_back_where_the_audit_log_tells_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await migrated(tmp_path, "0027", ROWS, monkeypatch)
    async with store.read() as reader:
        rows = [await change_templates.find(reader, f"TPL-{number}") for number in (1, 2, 3)]
        kept = [await changes.find(reader, f"CHG-{number}") for number in (1, 2, 3)]
    told = [(row.decided_by, row.decided_at, row.withdrawn_by, row.withdrawn_at) for row in rows if row]
    assert told == [("bea", 10, "max", 50), ("max", 50, "max", 50), ("bea", 10, "", None)]
    assert [each.change.submitted_at for each in kept if each] == [30, None, 30]
    assert [approval.is_approved(each.change, 100) for each in kept if each] == [True, False, False]
    await store.close()
