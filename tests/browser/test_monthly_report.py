"""A month as a manager reads it: asked for by its name, drawn, and kept as a file; and an article found on the way."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import showroom
from tests.browser.conftest import Collect, Visit
from tests.browser.on_foot import PHONE, ask
from tests.browser.served import Served

MONTH = f"{datetime.now(timezone(timedelta(hours=8))):%Y-%m}"
ARTICLE: dict[str, Any] = {
    "title": "打印机不出纸", "problem": "卡纸或搓纸轮磨损", "solution": "1. 关机\n2. 更换搓纸轮", "tags": ["打印机"],
}  # fmt: skip


@pytest.fixture(scope="module")
def month(collect: Collect) -> Served:
    """A collector to which somebody reported two things this month, beside what it found itself."""
    served = collect(showroom.agents()[:1])
    ask(served, "POST", "my/reports", {"title": "The printer is jammed"})
    return served


@pytest.fixture(scope="module")
def incident(month: Served) -> str:
    return str(ask(month, "POST", "my/reports", {"title": ARTICLE["title"]})["number"])


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
def test_a_month_is_read_and_downloaded(month: Served, incident: str, visit: Visit, language: str, scheme: str) -> None:
    assert incident
    here = visit(month, language=language, color_scheme=scheme)
    page = here.page
    here.go("/reports")
    page.get_by_role("link", name=here.says("report.monthly.title")).click()
    page.locator("input[name=month]").fill(MONTH)
    page.get_by_role("button", name=here.says("report.show"), exact=True).click()
    expect(page.locator("input[name=month]")).to_have_value(MONTH)
    drawing = page.get_by_role("img", name=here.says("report.monthly.trend"))
    opened = page.locator(".figure", has_text=here.says("report_figure.incidents_opened")).locator(".number")
    expect(drawing.locator("text.number").first).to_have_text(opened.inner_text())
    by_source = page.locator("section", has=page.get_by_role("heading", name=here.says("report.monthly.by_source")))
    reported = by_source.locator("tr", has_text=here.says("incident_source.user"))
    expect(reported.locator("td.number").first).to_have_text("2")
    for name, begins in (("PDF", b"%PDF"), ("XLSX", b"PK")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert download.value.path().read_bytes().startswith(begins)
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON", exact=True).click()
    told = json.loads(download.value.path().read_bytes())
    assert {row["source"]: row["opened_count"] for row in told["tables"]["by_source"]["rows"]}["user"] == 2
    assert not here.is_wider_than_the_screen


def test_an_article_goes_from_its_writer_over_its_reviewer_to_who_needs_it(
    month: Served, incident: str, visit: Visit
) -> None:
    writer = visit(month, link=month.add_account("writer", "engineer"), language="zh-CN")
    writer.go("/knowledge/new")
    for name in ("title", "problem", "solution"):
        writer.page.locator(f"[name={name}]").fill(ARTICLE[name])
    writer.page.get_by_role("button", name=writer.says("knowledge.save")).click()
    writer.page.get_by_role("button", name=writer.says("knowledge.submit")).click()
    expect(writer.page.locator(".head .badge")).to_have_text(writer.says("article_state.submitted"))
    number = writer.page.url.rpartition("/")[2]

    reviewer = visit(month, link=month.add_account("reviewer", "knowledge_manager"), color_scheme="dark")
    reviewer.go("/knowledge?state=submitted")
    reviewer.page.get_by_role("link", name=number).click()
    reviewer.page.get_by_role("button", name=reviewer.says("knowledge.publish")).click()
    expect(reviewer.page.locator(".head .badge")).to_have_text(reviewer.says("article_state.published"))

    line_one = visit(month, link=month.add_account("line-one", "service_desk"), language="zh-CN", **PHONE)
    line_one.go(f"/incidents/{incident}")
    line_one.page.locator("#knowledge").get_by_role("link", name=ARTICLE["title"]).click()
    expect(line_one.page.locator("ol.prose li")).to_have_count(2)
    line_one.page.get_by_role("button", name=line_one.says("knowledge.yes"), exact=True).click()
    expect(line_one.page.get_by_text(line_one.says("knowledge.helped_of", n=1, all=1)).first).to_be_visible()
    assert not line_one.is_wider_than_the_screen
