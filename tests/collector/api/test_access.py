"""Every route names who may use it, and nobody else may."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter

from collector.api import app as composed
from collector.api.access import Requires, conditions
from collector.api.app import ROUTERS, Unguarded, create_app
from collector.security.roles import ROLES, Permission
from tests.people import World

ROUTES = conditions(ROUTERS)
PUBLIC = {
    "GET /openapi.json",
    "GET /healthz",
    "GET /readyz",
    "GET /login",
    "POST /login",
    "POST /in/pagerduty/{channel}",
    "GET /login/{key}",
    "POST /preferences",
}
FORBIDDEN_TO = {
    permission: [role for role, allowed in ROLES.items() if permission not in allowed] for permission in Permission
}


def _path(route: str, router_prefix: str = "") -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method, router_prefix + re.sub(r"\{[^}]+\}", "1", path)


def _prefix(route: str) -> str:
    api = conditions(composed.API_ROUTERS)
    return "/api/v1" if route in api else ""


def test_every_route_names_exactly_one_permission_or_is_public_on_purpose() -> None:
    assert len(ROUTES) > 50
    for route, found in ROUTES.items():
        assert len(found) == 1, route
        assert (found[0].permission is None) == (route in PUBLIC), route


def test_a_collector_with_an_unguarded_route_does_not_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stray = APIRouter()

    @stray.get("/stray")
    async def stray_route() -> None: ...

    monkeypatch.setattr(composed, "ROUTERS", (*ROUTERS, stray))
    with pytest.raises(Unguarded, match="/stray"):
        create_app(world.app.state.context)


GUARDED = [(route, found[0]) for route, found in ROUTES.items() if found[0].permission is not None]


@pytest.mark.parametrize(("route", "condition"), GUARDED, ids=[route for route, _ in GUARDED])
async def test_a_route_is_refused_without_login_and_without_its_permission(
    world: World, route: str, condition: Requires
) -> None:
    method, path = _path(route, _prefix(route))
    assert condition.permission
    async with world.nobody() as client:
        answer = await client.request(method, path)
        if path.startswith(("/api/", "/metrics")):
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")
    roles = [role for role in FORBIDDEN_TO[condition.permission] if role != "config_admin"]
    if not roles:
        assert condition.permission is Permission.OWN
        return
    for role in (roles[0], roles[-1]):
        async with await world.person(role) as client:
            assert (await client.request(method, path)).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/enrolment-tokens", {}),
        ("POST", "/settings/password", None),
        ("POST", "/agents/enrol", None),
        ("POST", "/logout", None),
        ("POST", "/settings/tokens", None),
    ],
)
async def test_a_form_without_the_text_of_its_session_changes_nothing(
    world: World, method: str, path: str, body: object
) -> None:
    async with await world.person("ops") as client:
        del client.headers["x-csrf-token"]
        assert (await client.request(method, path, json=body)).status_code == 403
        wrong = await client.request(method, path, data={"csrf": "another"})
        assert wrong.status_code == 403
        assert world.minted == []
        assert (await client.get("/api/v1/me")).status_code == 200


async def test_a_token_needs_no_form_text_and_gives_only_its_accounts_rights(world: World) -> None:
    async with await world.program("ops") as client:
        assert (await client.post("/api/v1/enrolment-tokens", json={})).status_code == 201
    async with await world.program("viewer") as client:
        assert (await client.post("/api/v1/enrolment-tokens", json={})).status_code == 403
        me = (await client.get("/api/v1/me")).json()
    assert (me["name"], me["roles"]) == ("robot-viewer", ["viewer"])
    assert "cis:read" in me["permissions"]


async def test_a_bad_token_is_not_helped_by_a_good_cookie(world: World) -> None:
    async with await world.person("viewer") as client:
        client.headers["authorization"] = "Bearer muster_nope"
        answer = await client.get("/api/v1/cis")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_an_expired_token_is_refused(world: World) -> None:
    text = await world.token("viewer", days=1)
    world.clock.at += 86_400_000
    async with world.nobody(authorization=f"Bearer {text}") as client:
        assert (await client.get("/api/v1/cis")).status_code == 401


@pytest.mark.parametrize("path", ["/metrics", "/metrics/estate", "/api/v1/sd/prometheus"])
async def test_prometheus_needs_a_token_or_stands_on_this_machine(world: World, path: str) -> None:
    async with world.nobody() as client:
        assert (await client.get(path)).status_code == 401
    async with await world.program("network_admin") as client:
        assert (await client.get(path)).status_code == 200
    async with world.nobody("127.0.0.1") as client:
        assert (await client.get(path)).status_code == 200
        assert (await client.get("/api/v1/cis")).status_code == 401
        forwarded = await client.get(path, headers={"x-forwarded-for": "203.0.113.9"})
        assert forwarded.status_code == 401, "a proxy on this machine is not this machine"
    async with world.nobody("::1") as client:
        assert (await client.get(path)).status_code == 200
