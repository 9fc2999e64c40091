"""Coming in, staying, going out."""

from __future__ import annotations

import re

import httpx2
import pytest

from collector.api.access import COOKIE
from collector.security import accounts
from collector.security.accounts import LINK_MS
from collector.security.throttle import MAX_FAILURES
from collector.store import accounts as kept
from tests.acts import act
from tests.people import PASSWORD, World


async def _form(client: httpx2.AsyncClient, address: str = "/login") -> str:
    """Return the text the login form carries."""
    html = (await client.get(address)).text
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found
    return found[1]


async def _try(client: httpx2.AsyncClient, password: str, name: str = "admin", following: str = "/") -> httpx2.Response:
    csrf = await _form(client)
    data = {"csrf": csrf, "name": name, "password": password, "next": following}
    return await client.post("/login", data=data)


async def _link(world: World) -> str:
    async with world.store.write() as connection:
        by = act(connection, at=world.clock())
        return await accounts.login_link(by, await accounts.ensure_first(by))


async def test_a_one_time_link_logs_in_once(world: World) -> None:
    link = await _link(world)
    async with world.nobody() as client:
        answer = await client.get(link)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        page = await client.get("/")
        assert page.status_code == 200
        assert "This account has no password" in page.text
    async with world.nobody() as another:
        again = await another.get(link)
    assert again.status_code == 401
    assert "has been used or is too old" in again.text
    assert COOKIE not in again.cookies


async def test_a_browser_that_looks_ahead_does_not_use_the_link_up(world: World) -> None:
    link = await _link(world)
    async with world.nobody() as client:
        assert (await client.get(link, headers={"sec-purpose": "prefetch;prerender"})).status_code == 503
        assert (await client.head(link)).status_code == 405
        assert (await client.get(link)).status_code == 303


async def test_a_link_ends_after_half_an_hour(world: World) -> None:
    link = await _link(world)
    world.clock.at += LINK_MS
    async with world.nobody() as client:
        assert (await client.get(link)).status_code == 401


async def test_a_password_logs_in_and_leads_on_to_where_one_was_going(world: World) -> None:
    await world.admin()
    async with world.nobody() as client:
        sent = await client.get("/cis?q=web")
        assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=%2Fcis%3Fq%3Dweb")
        answer = await _try(client, PASSWORD, following="/cis?q=web")
        assert (answer.status_code, answer.headers["location"]) == (303, "/cis?q=web")
        assert (await client.get("/cis")).status_code == 200
        assert (await client.get("/login?next=/rules")).headers["location"] == "/rules"


async def test_the_cookie_of_a_session_is_read_by_no_script_and_sent_by_no_other_site(world: World) -> None:
    await world.admin()
    async with world.nobody() as client:
        cookie = (await _try(client, PASSWORD)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


async def test_a_login_leads_to_no_other_site(world: World) -> None:
    await world.admin()
    async with world.nobody() as client:
        assert (await _try(client, PASSWORD, following="//evil.example/")).headers["location"] == "/"


async def test_whatever_was_wrong_the_page_is_the_same(world: World) -> None:
    await world.admin()
    told = set()
    async with world.nobody() as client:
        for name, password in (("admin", "wrong"), ("nobody", PASSWORD), ("admin", "x" * 900)):
            answer = await _try(client, password, name)
            assert answer.status_code == 401
            told.add(re.sub(r'value="[^"]*"', "", answer.text))
        for _ in range(5):
            await _try(client, "wrong")
        locked = await _try(client, PASSWORD)
        told.add(re.sub(r'value="[^"]*"', "", locked.text))
    assert len(told) == 1


async def test_an_address_that_guesses_is_slowed_whatever_names_it_tries(world: World) -> None:
    async with world.nobody() as client:
        for number in range(MAX_FAILURES):
            assert (await _try(client, "wrong", f"guess{number}")).status_code == 401
        assert (await _try(client, "wrong", "one.more")).status_code == 429
    async with world.nobody("192.0.2.99") as elsewhere:
        assert (await _try(elsewhere, "wrong", "someone")).status_code == 401


@pytest.mark.parametrize("csrf", ["", "wrong"])
async def test_a_login_form_of_another_site_is_not_taken(world: World, csrf: str) -> None:
    await world.admin()
    async with world.nobody() as client:
        await _form(client)
        answer = await client.post("/login", data={"csrf": csrf, "name": "admin", "password": PASSWORD})
    assert answer.status_code == 400
    assert COOKIE not in answer.cookies


async def test_logging_out_ends_the_session_on_the_server(world: World) -> None:
    async with await world.person("viewer") as client:
        key = client.cookies[COOKIE]
        assert (await client.post("/logout")).headers["location"] == "/login"
        client.cookies.set(COOKIE, key)
        assert (await client.get("/cis")).status_code == 303


async def test_htmx_is_sent_to_the_login_page_as_a_whole(world: World) -> None:
    async with world.nobody(**{"hx-request": "true"}) as client:
        answer = await client.get("/cis")
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


async def test_language_follows_the_browser_until_it_is_chosen(world: World) -> None:
    async with await world.person("viewer", name="li.wei", language="zh-CN,en;q=0.5") as client:
        assert '<html lang="zh-CN"' in (await client.get("/")).text
        chosen = await client.post("/preferences", data={"language": "en", "theme": "dark", "back": "/cis?q=a"})
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/cis?q=a")
        html = (await client.get("/")).text
    assert '<html lang="en" data-theme="dark"' in html
    async with world.store.read() as connection:
        account = await kept.by_name(connection, "li.wei")
    assert account
    assert (account.language, account.theme) == ("en", "dark")


async def test_language_is_chosen_before_logging_in_too(world: World) -> None:
    async with world.nobody() as client:
        csrf = await _form(client)
        answer = await client.post("/preferences", data={"csrf": csrf, "language": "zh-CN", "back": "/login"})
        assert answer.status_code == 303
        assert "登录" in (await client.get("/login")).text
        odd_choice = {"csrf": csrf, "language": "xx", "theme": "pink", "back": "//evil"}
        odd = await client.post("/preferences", data=odd_choice)
        assert (odd.headers["location"], "set-cookie" in odd.headers) == ("/", False)


async def test_the_choice_of_another_site_is_not_taken(world: World) -> None:
    async with await world.person("viewer") as client:
        del client.headers["x-csrf-token"]
        assert (await client.post("/preferences", data={"language": "zh-CN"})).status_code == 403
