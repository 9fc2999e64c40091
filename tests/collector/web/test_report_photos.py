"""Photos and signatures in what is printed of an inspection and of a stock-take: shown, and nothing of them touched."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Table, update

from collector.store.schema import inspection_photo, stocktake_photo
from tests.collector.inspecting.test_drawing import PLAIN
from tests.collector.services.reports import printed
from tests.collector.services.reports.camera import SECRET, taken
from tests.collector.web.test_inspections import planned, run_of
from tests.collector.web.test_stocktakes import PLACE, opened
from tests.estate import Estate
from tests.people import World

DRAWN = "data:image/png;base64," + base64.b64encode(PLAIN).decode()


async def signed(world: World, client: httpx2.AsyncClient) -> str:
    """Do an inspection with a photo of each of two items and sign it; return its address."""
    run = await run_of(client, await planned(client))
    answers = {"M-INLET": "24", "M-HUMIDITY": "50"} | dict.fromkeys(("M-FIRE", "M-WATER", "M-SENSES", "M-DOOR"), "0")
    for item, value in answers.items():
        files = {"photo": ("a.jpg", taken())} if item in ("M-FIRE", "M-INLET") else None
        done = await client.post(f"{run}/walk", data={"item": item, "value": value, "key": item}, files=files)
        assert done.status_code == 303, done.text
    assert (await client.post(f"{run}/sign", data={"drawn": DRAWN})).status_code == 303
    return run


async def closed(world: World, client: httpx2.AsyncClient) -> str:
    """Do a stock-take with a photo of what is damaged and of what nobody knows and close it; return its address."""
    async with world.store.write() as tx:
        await Estate(tx).say(world.estate.web, "record", {"place": PLACE})
    path = await opened(client)
    for said in ({"ci": world.estate.web.uid, "outcome": "damaged"}, {"text": "A box"}):
        await client.post(f"{path}/walk", data={"key": f"k{len(said)}", "place": PLACE} | said)
        done = await client.post(f"{path}/walk", data=said | {"outcome": "", "key": "p"}, files={"photo": taken()})
        assert done.status_code == 303, done.text
    assert (await client.post(f"{path}/close", data={"rest": "yes", "drawn": DRAWN})).status_code == 303
    return path


@pytest.mark.parametrize(
    ("done", "album", "intact", "shows"),
    [
        (signed, inspection_photo, "is the one that was signed", "INS-000001-1.jpg"),
        (closed, stocktake_photo, "The report is as it was closed", "A box"),
    ],
)
async def test_what_is_signed_is_printed_with_its_photos_and_stays_as_it_was_signed(
    world: World, tmp_path: Path, done: Any, album: Table, intact: str, shows: str
) -> None:
    async with await world.person("incident_manager", "config_admin:*", name="ada") as client:
        path = await done(world, client)
        before = (await client.get(f"{path}/report.json")).json()
        made = (await client.get(f"{path}/report.pdf")).content
        text = printed.text(made, tmp_path)
        assert shows in text
        assert len([each for each in printed.pictures(made, tmp_path) if each.startswith(b"\xff\xd8")]) == 2
        assert text.count("ada · ") >= 2 + 1  # below each photo, and beside the signature
        assert SECRET not in made
        assert (await client.get(f"{path}/photos/1")).content == taken()
        after = (await client.get(f"{path}/report.json")).json()
        assert {**after, "made_at": ""} == {**before, "made_at": ""}
        assert intact in (await client.get(path)).text
        async with world.store.write() as tx:
            await tx.execute(update(album).values(content=taken(colour="black")))
        text = printed.text((await client.get(f"{path}/report.pdf")).content, tmp_path)
        assert text.count("Not the photo that was sent") == 2
