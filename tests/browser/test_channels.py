"""A channel from its form to its removal: tried on a receiver that takes it and on one that does not, then paused."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.visitor import Visitor
from tests.collector.delivery.receiver import Receiver

SECRET = "geheim-geheim-geheim"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def row(who: Visitor) -> Locator:
    return who.page.locator("table.list tr", has_text="night")


def note(who: Visitor, kind: str) -> Locator:
    return who.page.locator(f".note.{kind}")


def tries(who: Visitor) -> None:
    row(who).get_by_role("button", name=who.says("channels.test")).click()


def adds(who: Visitor, url: str) -> None:
    who.go("/channels/new?kind=webhook")
    who.page.locator("input[name=name]").fill("night")
    who.page.locator("input[name=url]").fill(url)
    who.page.locator("input[name=secret_secret]").fill(SECRET)
    who.page.get_by_role("button", name=who.says("action.save")).click()
    expect(note(who, "ok")).to_have_text(who.says("channels.done.saved"))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_channel_is_added_tried_paused_and_removed(
    estate: Served, visit: Visit, receiver: Receiver, language: str
) -> None:
    who = visit(estate, language=language, color_scheme="dark" if language == "en" else "light")
    adds(who, receiver.url)
    tries(who)
    expect(note(who, "ok")).to_have_text(who.says("channels.done.tested"))
    assert json.loads(receiver.posted[-1].body)["event"] == "tried"
    assert receiver.posted[-1].headers["X-Muster-Signature"]

    receiver.answers.append(500)
    tries(who)
    expect(note(who, "critical")).to_have_text(who.says("channels.failed", name="night", why="HTTP status 500"))
    expect(row(who)).to_contain_text("500")
    expect(row(who)).to_contain_text(who.says("channel_state.failing"))
    assert not who.is_wider_than_the_screen

    row(who).get_by_role("link", name="night").click()
    assert SECRET not in who.page.content()
    who.page.locator("input[name=is_enabled]").uncheck()
    who.page.get_by_role("button", name=who.says("action.save")).click()
    expect(row(who)).to_contain_text(who.says("channel_state.off"))

    row(who).get_by_role("link", name=who.says("action.remove")).click()
    expect(who.page.locator(".crumbs")).to_contain_text(who.says("channels.title"))
    who.page.locator("input[name=name]").fill("nicht")
    who.page.get_by_role("button", name=who.says("action.remove")).click()
    expect(note(who, "critical")).to_have_text(who.says("plan.wrong_name"))
    who.page.locator("input[name=name]").fill("night")
    who.page.get_by_role("button", name=who.says("action.remove")).click()
    expect(note(who, "ok")).to_have_text(who.says("channels.done.removed"))
    expect(row(who)).to_have_count(0)
