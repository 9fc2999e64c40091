"""The pages of the reports: figures, bars, parts of long tables, files; and hostile text in them."""

from __future__ import annotations

import pytest

from collector.services.exports import FORMATS
from collector.services.reports import REPORTS
from collector.web.catalogue import LANGUAGES, entries
from collector.web.pages import reports as pages
from tests.collector.web.reading import read
from tests.estate import NOW, Estate
from tests.people import World

HOSTILE = "<script>alert(1)</script>\u202e=cmd"


async def test_the_page_of_reports_leads_to_each_and_its_files(world: World) -> None:
    page = read((await (await world.person("viewer")).get("/reports")).text)
    assert {"/reports/status", "/reports/statistics", "/reports/health"} <= set(page.links)
    assert {f"/reports/health/{kind}" for kind in FORMATS} <= set(page.links)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*REPORTS])
async def test_each_report_is_a_page_in_each_language(world: World, name: str, language: str) -> None:
    client = await world.person("viewer", language=language)
    asked = {"maintenance": {"ci": world.estate.web.uid}, "monthly": {"month": "2026-11"}}
    answer = await client.get(f"/reports/{name}", params=asked.get(name, {}))
    page = read(answer.text)
    assert answer.status_code == 200
    assert entries(language)[f"report.{name}.title"] in page.text
    assert "report_column." not in page.text
    assert "report_figure." not in page.text
    bars = [each for each in page.all("svg") if each.attributes.get("class") == "meter"]
    assert bars


async def test_a_moment_and_classes_are_kept_in_every_address(world: World) -> None:
    client = await world.person("viewer")
    page = read((await client.get("/reports/status?at=2026-11-20T10:00:00&class=server&table=cis")).text)
    files = [link for link in page.links if link.startswith("/reports/status/")]
    assert len(files) == len(FORMATS)
    assert all(
        "at=2026-11-20T10%3A00%3A00" in link and "class=server" in link and "table=cis" in link for link in files
    )
    assert "web-01" in page.text
    assert "pc-zhang" not in page.text


async def test_a_long_table_is_shown_in_part_and_turned_over_on_its_own(world: World) -> None:
    async with world.store.write() as connection:
        estate = Estate(connection)
        for number in range(130):
            await estate.ci(f"0a{number:03d}", "network", "switch", world.estate.web.source_id, role=f"r{number}")
    client = await world.person("viewer")
    whole = read((await client.get("/reports/status")).text)
    assert "0a024" in whole.text
    assert "0a025" not in whole.text
    assert "/reports/status?table=cis" in whole.links
    first = read((await client.get("/reports/status?table=cis")).text)
    following = next(link for link in first.links if "cursor=" in link)
    second = read((await client.get(following)).text)
    assert "0a099" in first.text
    assert "0a100" in second.text
    assert "0a099" not in second.text
    assert len([link for link in second.links if "cursor=" in link]) == 1


async def test_what_devices_say_does_nothing_on_the_page(world: World) -> None:
    async with world.store.write() as connection:
        estate = Estate(connection)
        ci = await estate.ci(HOSTILE, "network", "switch", world.estate.web.source_id, role="h")
        await estate.say(ci, "device", {"vendor": HOSTILE, "model": HOSTILE * 400}, NOW)
        await estate.finding(ci, [("device", HOSTILE, HOSTILE, {HOSTILE: HOSTILE})], NOW)
    client = await world.person("viewer")
    for path in ("/reports/status", "/reports/statistics", "/reports/health", f"/reports/maintenance?ci={ci.uid}"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert not read(answer.text).inline
        assert "\u202e" not in answer.text


async def test_the_page_of_a_ci_leads_to_its_history(world: World) -> None:
    page = read((await (await world.person("viewer")).get(f"/cis/{world.estate.web.uid}")).text)
    assert f"/reports/maintenance?ci={world.estate.web.uid}" in page.links


@pytest.mark.parametrize(
    ("path", "status"),
    [("/reports/wages", 404), ("/reports/status/doc", 404), ("/reports/wages/pdf", 404), ("/reports/maintenance", 404),
     ("/reports/status?table=wages", 404), ("/reports/status?table=cis&cursor=nonsense", 303),
     ("/reports/status?at=nonsense", 200)],
)  # fmt: skip
async def test_what_is_not_there_is_a_page_that_says_so(world: World, path: str, status: int) -> None:
    assert (await (await world.person("viewer")).get(path)).status_code == status


def test_every_report_says_what_its_form_asks() -> None:
    assert set(pages.ASKS) == set(REPORTS)


@pytest.mark.parametrize("kind", [*FORMATS])
async def test_a_file_is_named_by_report_and_day(world: World, kind: str) -> None:
    answer = await (await world.person("viewer")).get(f"/reports/statistics/{kind}")
    assert answer.headers["content-disposition"] == f'attachment; filename="muster-statistics-2026-11-25.{kind}"'
    assert answer.content
