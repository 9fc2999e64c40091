"""Items of a version before, and what people accepted of them, are of the source their finding was of."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.model import Path as ValuePath
from collector.store import courses, findings, interning
from tests.store.test_migrate_campaigns import ROWS, migrated

VERSION = ValuePath("os", "version")
BEFORE = (
    *(row.replace(", resolved_by, reason", "").replace(", NULL, ''", "") for row in ROWS),
    "INSERT INTO source (id, code, kind) VALUES (2, 'agent/1', 'agent')",
    "INSERT INTO finding (id, ci_id, source_id, verdict, lo, hi, opened_at) VALUES (8, 1, 2, 'pending', 10, 20, 30)",
    "INSERT INTO finding_item (finding_id, path_id, field, hi, lo, verdict) VALUES (8, 1, '', 20, 10, 'pending')",
    "INSERT INTO acceptance (finding_id, path_id, field, hi, at, who) VALUES (8, 1, '', 20, 40, 'sophia')",
)


async def test_items_and_acceptances_of_before_are_of_the_source_of_their_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await migrated(tmp_path, "0028", BEFORE, monkeypatch)
    async with store.read() as reader:
        items = await findings.of_findings(reader, [7, 8])
        paths = await interning.known_paths(reader, [VERSION])
        (course,) = (await courses.read(reader, {(1, VERSION): 0}, paths)).values()
    assert {number: [each.judged.item.source for each in its] for number, its in items.items()} == {
        7: ["snmp//192.0.2.1"], 8: ["agent/1"]
    }  # fmt: skip
    assert [each.source for each in course.accepted] == ["agent/1"]
    await store.close()
