"""The page of channels: set up, tried, removed; nothing secret is shown, and who may not does not see it."""

from __future__ import annotations

import pytest

from collector.delivery.kinds import KINDS
from tests.collector.delivery.receiver import Receiver
from tests.people import World


async def test_a_channel_is_set_up_tried_and_removed(world: World) -> None:
    receiver = Receiver()
    manager = await world.person("incident_manager")
    form = {
        "csrf": manager.headers["x-csrf-token"], "kind": "webhook", "name": "night", "url": receiver.url,
        "secret_secret": "geheim-geheim", "severity": "error", "events": ["opened", "resolved"], "language": "zh",
        "categories": "network, disk", "is_enabled": "yes",
    }  # fmt: skip
    saved = await manager.post("/channels", data=form)
    assert (saved.status_code, saved.headers.get("location")) == (303, "/channels?done=saved"), saved.text
    shown = await manager.get("/channels/night")
    assert receiver.url in shown.text
    assert "network, disk" in shown.text
    assert "geheim" not in shown.text
    tried = await manager.post("/channels/night/test", data={"csrf": form["csrf"]})
    assert tried.headers["location"] == "/channels?done=tested"
    assert "X-Muster-Signature" in receiver.posted[0].headers
    receiver.close()
    failed = await manager.post("/channels/night/test", data={"csrf": form["csrf"]})
    assert "ConnectError" in failed.text
    wrong = await manager.post("/channels/night/remove", data={"csrf": form["csrf"], "name": "nicht"})
    assert wrong.status_code == 400
    gone = await manager.post("/channels/night/remove", data={"csrf": form["csrf"], "name": "night"})
    assert gone.headers["location"] == "/channels?done=removed"
    assert (await manager.get("/channels/night")).status_code == 404


async def test_what_is_wrong_is_said_and_what_is_secret_is_not_shown_again(world: World) -> None:
    manager = await world.person("incident_manager")
    form = {"csrf": manager.headers["x-csrf-token"], "kind": "dingtalk", "name": "x", "url": "ftp://example.org",
            "secret_token": "geheim-geheim", "severity": "error", "language": "zh"}  # fmt: skip
    refused = await manager.post("/channels", data=form)
    assert refused.status_code == 400
    assert "http:// or https://" in refused.text
    assert "geheim" not in refused.text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_kind_has_a_form_in_both_languages(world: World, language: str) -> None:
    manager = await world.person("incident_manager", language=language)
    for kind, its in KINDS.items():
        page = (await manager.get(f"/channels/new?kind={kind}")).text
        for setting in its.settings:
            assert (f'name="{setting.name}"' in page) == (setting.name != "mark"), (kind, setting.name)
        assert "channel." not in page.partition("<main")[2].replace("channel.name", ""), "a word is missing"


async def test_who_may_not_write_channels_does_not_see_them(world: World) -> None:
    assert (await (await world.person("viewer")).get("/channels")).status_code == 403
