"""Every privileged act stands in the audit log: what changes something goes through an act, and what acts tells it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from fastapi.routing import APIRoute

from collector.api.access import conditions
from collector.api.app import API_ROUTERS, OTHER_ROUTERS
from tests.architecture.checkout import ROOT, sources

SAFE = {"GET", "HEAD", "OPTIONS"}

UNTOLD = {
    "prefer": "language and theme of one's own pages",
    "verify": "asks a question that is too long for an address",
    "backtest": "judges a past period by other terms and writes nothing; the question is a file",
    "run_backtest": "the same, asked in a page",
    "backtest_rule": "runs a rule over the past and writes nothing; the rule is a file",
    "from_alertmanager": "what another system tells is kept with the incident it makes",
    "from_webhook": "the same",
    "from_pagerduty": "the same",
    "from_prometheus": "the same",
    "hear": "what PagerDuty says: told where it resolves or acknowledges",
}
"""Routes that change nothing privileged → why they are no act."""

OWN_WRITES = {
    ("login.py", "log_in_by_link"): "uses a link up; the session it begins is told",
    ("login.py", "_keep"): "language and theme of one's own pages",
}
"""Where pages and API write without an act → why."""

ACTING = {"acting", "attempt", "was_done", "stepped", "when_named", "ban", "mint"}
"""What a route calls to act: `acting`, what forms do with it (`web.sending`, `web.removal`), or what `app` composes."""

PARTS = {"ask": "writes a sweep of a plan, of what failed or of one address: its callers tell which"}
"""Functions for other services that are given an act and tell nothing themselves → why."""

MAKERS = {"security/audit.py"}
"""Who makes an `Act`: nobody else could leave out its row."""


def functions(path: Path) -> Iterator[ast.AsyncFunctionDef | ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            yield node


def called(node: ast.AST) -> set[str]:
    """Return the last names of everything that is called within `node`."""
    calls = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    return {
        each.attr if isinstance(each, ast.Attribute) else each.id
        for each in calls
        if isinstance(each, ast.Attribute | ast.Name)
    }


def mutating() -> Iterator[APIRoute]:
    for router in (*API_ROUTERS, *OTHER_ROUTERS):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if not (route.methods or set()) <= SAFE:
                yield route


def body_of(route: APIRoute) -> ast.AST:
    """Return the function of a route with the functions of its own module that it calls."""
    path = Path(route.endpoint.__code__.co_filename)
    known = {each.name: each for each in functions(path)}
    reached, waiting = [], [route.endpoint.__name__]
    while waiting:
        name = waiting.pop()
        if name in known:
            node = known.pop(name)
            reached.append(node)
            waiting += called(node)
    return ast.Module(body=list(reached), type_ignores=[])


def test_every_route_that_changes_something_is_an_act() -> None:
    routes = list(mutating())
    assert len(routes) > 30
    silent = {route.endpoint.__name__ for route in routes if not called(body_of(route)) & ACTING}
    assert silent == set(UNTOLD), "let it go through `acting`, or say here why it is no act"


def opens_a_transaction(node: ast.AST) -> bool:
    """Return whether `node` is `store.write`, whoever's store it is."""
    if not isinstance(node, ast.Attribute) or node.attr != "write":
        return False
    of = node.value
    return (isinstance(of, ast.Attribute) and of.attr == "store") or (isinstance(of, ast.Name) and of.id == "store")


def test_pages_and_api_write_nothing_outside_an_act() -> None:
    found = {
        (path.name, node.name)
        for path in sources("collector/api", "collector/web")
        for node in functions(path)
        if any(opens_a_transaction(each) for each in ast.walk(node))
    }
    assert found == set(OWN_WRITES)


def test_nobody_makes_an_act_but_what_writes_its_row() -> None:
    makers = {
        path.relative_to(ROOT / "collector").as_posix()
        for path in sources("collector")
        if "Act" in called(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert makers == MAKERS


def takes_an_act(node: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    arguments = (*node.args.posonlyargs, *node.args.args)
    return any(isinstance(each.annotation, ast.Name) and each.annotation.id == "Act" for each in arguments)


def test_every_service_that_is_given_an_act_tells_it_or_hands_it_on() -> None:
    given = [node for path in sources("collector/services", "collector/security") for node in functions(path)]
    given = [node for node in given if takes_an_act(node) and not node.name.startswith("_")]
    assert len(given) > 25
    assert {node.name for node in given if not _tells(node)} == set(PARTS)


def _tells(node: ast.AST) -> bool:
    """Return whether `act.tell(…)` is called, or `act` itself given to somebody else."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            given = [*each.args, *(keyword.value for keyword in each.keywords)]
            if any(isinstance(value, ast.Name) and value.id == "act" for value in given):
                return True
            if isinstance(each.func, ast.Attribute) and each.func.attr == "tell":
                return True
    return False


def _is_of_an_act(called: ast.Attribute) -> bool:
    """Return whether it is `act.tell`: an act is called so everywhere; files and channels have a `tell`, too."""
    return called.attr == "tell" and isinstance(called.value, ast.Name) and called.value.id == "act"


def told() -> set[str]:
    """Return every action that is told anywhere, as it is spelt."""
    found = set()
    for path in sources("collector"):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and _is_of_an_act(each.func):
                action = each.args[0] if each.args else None
                found.add(action.value if isinstance(action, ast.Constant) else ast.unparse(action) if action else "")
    return found


def test_every_action_has_a_word_for_people_in_both_languages() -> None:
    actions = told() - {"CUT"} | {"audit.prune"}
    assert len(actions) > 25
    for language in ("en", "zh-CN"):
        texts = json.loads((ROOT / f"collector/web/locale/{language}.json").read_text(encoding="utf-8"))
        wanted = {f"act.{action}" for action in actions} | {f"about.{action.partition('.')[0]}" for action in actions}
        assert not wanted - texts.keys()


def test_the_table_of_routes_that_are_no_acts_is_about_routes_there_are() -> None:
    assert len(conditions((*API_ROUTERS, *OTHER_ROUTERS))) > 80
    names = {route.endpoint.__name__ for route in mutating()}
    assert set(UNTOLD) <= names
