"""`/api/v1/reports`: who gets them, as what, and what is refused."""

from __future__ import annotations

import csv
import io

import pytest

from tests.people import World

API = "/api/v1/reports"


async def test_the_reports_there_are_have_titles_in_the_language_of_who_asks(world: World) -> None:
    english = (await (await world.person("viewer")).get(API)).json()
    chinese = (await (await world.person("viewer", name="li", language="zh-CN")).get(API)).json()
    assert [each["name"] for each in english] == ["monthly", "status", "statistics", "health", "maintenance"]
    assert (english[3]["title"], chinese[3]["title"]) == ("Data health", "数据质量")
    assert english[0]["formats"] == ["json", "csv", "xml", "xlsx", "pdf"]


async def test_a_report_is_json_unless_another_format_is_asked(world: World) -> None:
    client = await world.person("viewer")
    report = (await client.get(f"{API}/status")).json()
    assert {row["ci"] for row in report["tables"]["cis"]["rows"]} >= {"web-01", "db-01", "pc-zhang"}
    assert report["figures"] == {"cis": 5, "moved": 2, "open": 1, "cis_before": 0, "open_before": 0}
    assert {"audit_seq", "audit_hash", "audit_at"} <= report["parameters"].keys()
    for kind, begins in (("csv", b"\xef\xbb\xbf"), ("xml", b"<?xml"), ("xlsx", b"PK"), ("pdf", b"%PDF-")):
        answer = await client.get(f"{API}/status", params={"format": kind})
        assert answer.content.startswith(begins)
        assert f'filename="muster-status-2026-11-25.{kind}"' in answer.headers["content-disposition"]


async def test_one_table_in_a_language_of_a_class(world: World) -> None:
    client = await world.person("viewer")
    asked = {"format": "csv", "table": "cis", "class": "server", "language": "zh-CN"}
    text = (await client.get(f"{API}/health", params=asked)).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:3] == ["配置项", "类型", "完整"]
    assert [row[0] for row in rows[1:]] == ["db-01", "web-01"]


async def test_data_health_is_measured_by_the_shipped_table(world: World) -> None:
    rows = (await (await world.person("viewer")).get(f"{API}/health")).json()["tables"]["cis"]["rows"]
    assert "owner" in next(row["missing"] for row in rows if row["ci"] == "web-01")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/wages", 404), ("/maintenance", 404), ("/maintenance?ci=nobody", 404), ("/status?table=wages", 404),
        ("/status?format=doc", 422), ("/status?at=yesterday", 422), ("/status?at=2026-01-01T00:00:00", 422),
        ("/status?wages=1", 422), ("/status?language=fr", 422), ("/status?at=9999-12-31T23:59:59Z", 200),
        ("/status?since=2027-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", 200), ("/statistics?class=pigs", 200),
    ],
)  # fmt: skip
async def test_what_cannot_be_met_is_a_problem_before_the_file_begins(world: World, path: str, status: int) -> None:
    answer = await (await world.person("viewer")).get(API + path)
    assert answer.status_code == status
    assert (status == 200) == (answer.headers["content-type"] != "application/problem+json")


async def test_who_may_not_read_cis_gets_no_report(world: World) -> None:
    assert (await (await world.person("system_admin")).get(f"{API}/status")).status_code == 403
    assert (await world.nobody().get(f"{API}/status")).status_code == 401
