"""What a machine says of itself is text: on every page, in every list, in every file, whatever it says."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections import Counter
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

import pytest
from playwright.sync_api import expect

from collector.store.schema import metadata
from tests.browser import hostile
from tests.browser.conftest import Collect, Visit
from tests.browser.served import Served
from tests.browser.visitor import Visitor

ALL = 200
DOWNLOAD = re.compile(r"\.csv|/reports/\w+/(?:csv|json|xml|xlsx|pdf)\b|/report\.\w+$|\.pdf")
"""Pages that are opened at most: one of every kind."""
FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
FOREIGN = r"""() => {
  const found = [...window.__refused];
  if (window.__xss) found.push("a script of theirs ran");
  const strange = "img, iframe, object, embed, base, style, link[href^=http], meta[http-equiv], audio, video, marquee";
  for (const each of document.querySelectorAll(strange)) found.push(each.outerHTML.slice(0, 80));
  for (const each of document.scripts)
    if (!each.src.startsWith(location.origin + "/static/")) found.push(each.outerHTML.slice(0, 80));
  for (const each of document.querySelectorAll("*"))  // what draws the map gives its own layers their sizes
    for (const name of each.getAttributeNames())
      if (!(name === "style" && each.closest("#canvas, #hover")))
        if (/^on|^style$|^srcdoc$|^autofocus$/i.test(name)) found.push(`${each.tagName} ${name}`);
  for (const each of document.querySelectorAll("a[href]"))
    if (new URL(each.href, location).origin !== location.origin) found.push(each.href);
  const hidden = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
  const at = document.documentElement.outerHTML.search(hidden);
  if (at >= 0) found.push("hidden characters in " + document.documentElement.outerHTML.slice(at - 40, at + 10));
  return found;
}"""


@pytest.fixture(scope="module")
def served(collect: Collect) -> Served:
    """A collector that has heard the hostile machines."""
    return collect(hostile.agents())


def host(served: Served) -> str:
    """Return the id of the host that is called after an attack; virtual machines of it are, too."""
    return next(str(each["id"]) for each in served.items("cis?type=hypervisor") if each["name"] == hostile.PLAIN[0])


def kind(address: str) -> str:
    """Return what kind of page an address is: its path without the names of things, and what it asks."""
    parts = urlsplit(address)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|INC-\d+|(?<=/)\d+|(?<=sections/).+|(?<=rules/).+", "*", parts.path)
    return f"{path}?{','.join(sorted(parse_qs(parts.query)))}"


def walk(here: Visitor) -> dict[str, list[str]]:
    """Follow the links from the first page, one of every kind; return what is foreign on each page, and the pages."""
    waiting, seen, found = [here.url + "/"], Counter[str](), dict[str, list[str]]()
    while waiting and len(found) < ALL:
        address = waiting.pop(0)
        if address in found or seen[kind(address)]:
            continue
        seen[kind(address)] += 1
        here.go(address)
        found[address] = here.page.evaluate(FOREIGN)
        links = here.page.eval_on_selector_all("a[href]", "all => all.map(each => each.getAttribute('href'))")
        waiting += [urljoin(address, link).partition("#")[0] for link in links if not DOWNLOAD.search(link)]
    return found


def test_every_page_shows_it_and_runs_none_of_it(served: Served, visit: Visit) -> None:
    here = visit(served)
    found = walk(here)
    print(f"{len(found)} pages of {len({kind(each) for each in found})} kinds")
    assert {address: foreign for address, foreign in found.items() if foreign} == {}
    kinds = {kind(each).partition("?")[0] for each in found}
    assert kinds >= {"/", "/cis", "/cis/*", "/cis/*/history", "/cis/*/why", "/cis/*/sections/*", "/cis/*/compare",
                     "/findings", "/findings/*", "/incidents", "/incidents/*", "/results", "/duplicates",
                     "/agents", "/agents/*", "/agents/*/ban", "/rules", "/settings"}  # fmt: skip


def test_it_is_there_to_be_read_letter_by_letter(served: Served, visit: Visit) -> None:
    here = visit(served)
    ci = host(served)
    here.go(f"/cis/{ci}/sections/packages")
    for text in hostile.PLAIN:
        expect(here.page.get_by_text(text, exact=True).first).to_be_visible()
    expect(here.page.get_by_text("[U+202E]gnp.exe").first).to_be_visible()
    expect(here.page.get_by_text("␛]0;owned").first).to_be_visible()
    here.go(f"/cis/{ci}")
    expect(here.page).to_have_title(f"{hostile.PLAIN[0]} · Muster")
    expect(here.page.get_by_role("heading", level=1)).to_have_text(hostile.PLAIN[0])


def test_the_why_of_a_value_opens_inside_the_page_as_text_too(served: Served, visit: Visit) -> None:
    here = visit(served)
    here.go(f"/cis/{host(served)}")
    links = here.page.locator("#s-packages").get_by_role("link", name=here.says("ci.why"))
    for at in range(6):
        links.nth(at).click()
    expect(here.page.get_by_role("heading", name=here.says("why.claims"))).to_have_count(6)
    assert here.page.evaluate(FOREIGN) == []


@pytest.mark.parametrize("path", ["/search?q={}", "/cis?q={}", "/agents?q={}", "/cis/{}", "/incidents/{}", "/{}"])
def test_what_an_address_says_is_text_too(served: Served, visit: Visit, path: str) -> None:
    here = visit(served)
    for text in ('"><img src=x onerror=window.__xss=1>', "'; DROP TABLE ci;--", "\x1b[2J\u202e{{7*7}}"):
        here.go(path.format(quote(text, safe="")))
        assert here.page.evaluate(FOREIGN) == []
        assert "49" not in here.page.title()


@pytest.mark.parametrize("following", ["//x.example/", "https://x.example/", "javascript:__xss=1", "/\\x.example"])
def test_nobody_is_sent_elsewhere_after_logging_in(served: Served, visit: Visit, following: str) -> None:
    here = visit(served)
    here.go(f"/login?next={quote(following, safe='')}")
    expect(here.page).to_have_url(served.url + "/")


@pytest.mark.parametrize("path", ["/cis", "/agents", "/findings", "/incidents", "/results"])
def test_no_cell_of_a_download_is_a_formula(served: Served, visit: Visit, path: str) -> None:
    here = visit(served)
    here.go(path)
    expect(here.page.get_by_role("link", name="CSV")).to_be_visible()
    columns = [str(box.get_attribute("value")) for box in here.page.locator("input[name=column]").all()]
    address = f"{served.url}{path}.csv?{urlencode([('column', each) for each in columns])}"
    rows = list(csv.reader(io.StringIO(here.page.request.get(address).text().removeprefix("\ufeff"))))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows[0]) >= len(columns) > 5
    assert [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS) and not number(cell)] == []


def number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", cell) is not None


def test_the_database_is_what_it_was(served: Served) -> None:
    with sqlite3.connect(f"file:{served.data / 'muster.db'}?mode=ro", uri=True) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables >= set(metadata.tables)
        assert list(database.execute("PRAGMA quick_check")) == [("ok",)]
        assert list(database.execute("SELECT count(*) FROM rejected_observation")) == [(0,)]
    assert len([each for each in served.items("cis") if each["class"] == "server"]) >= 3


def test_no_page_is_made_wider_than_a_phone_by_a_long_word(served: Served, visit: Visit) -> None:
    here = visit(served, viewport={"width": 390, "height": 844}, is_mobile=True)
    found: list[str] = []
    for path in ("/", "/cis", "/findings", "/incidents", "/agents", f"/cis/{host(served)}"):
        here.go(path)
        found += [path] if here.is_wider_than_the_screen else []
    assert found == []
