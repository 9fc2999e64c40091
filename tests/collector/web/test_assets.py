"""What the pages load: ours, locked, complete."""

from __future__ import annotations

import json
import re

from collector.web.render import HERE, STATIC
from tests.people import World

TEMPLATES = {file.name: file.read_text(encoding="utf-8") for file in (HERE / "templates").glob("*.html")}


def test_scripts_of_others_are_locked_to_one_version_each_and_to_no_registry() -> None:
    package = json.loads((HERE / "assets/package.json").read_text())
    lock = (HERE / "assets/package-lock.json").read_text()
    assert set(package["dependencies"]) == {"cytoscape", "htmx.org"}
    assert re.fullmatch(r"2\.\d+\.\d+", package["dependencies"]["htmx.org"])
    assert re.fullmatch(r"3\.\d+\.\d+", package["dependencies"]["cytoscape"])
    assert "://" not in lock
    assert all("integrity" in each for name, each in json.loads(lock)["packages"].items() if name)


def test_every_icon_a_page_shows_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol[^>]* id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    python = "".join(file.read_text() for file in HERE.glob("*.py"))
    used = set(re.findall(r"""icon\(['"]([a-z]+)['"]\)""", "".join(TEMPLATES.values())))
    used |= set(re.findall(r"""empty\(['"]([a-z]+)['"]""", "".join(TEMPLATES.values())))
    used |= set(re.findall(r'Look\("\w+", "(\w+)"\)', python)) | set(
        re.findall(r'Entry\("\w+", "[^"]+", "(\w+)"', python)
    )
    used |= {"auto", "light", "dark", "server", "security", "storage", "environment", "network", "pc", "auxiliary",
             "application", "system_software", "unknown"}  # fmt: skip
    assert len(used) > 40
    assert not used - drawn


def test_the_stylesheet_loads_nothing_and_names_its_colours_once() -> None:
    css = (STATIC / "muster.css").read_text()
    assert "url(" not in css
    assert "@import" not in css
    tokens, rules = css.split("/* --- ground */")
    assert not re.findall(r"#[0-9a-f]{3,8}\b|rgb\(", rules), "a colour is a token"
    assert not {f"--{name}" for name in re.findall(r"var\(--([\w-]+)\)", rules)} - set(
        re.findall(r"(--[\w-]+):", tokens)
    )


def _tokens(file: str) -> dict[str, str]:
    block = (STATIC / file).read_text().partition(":root {")[2].partition("}")[0]
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", block))


def _light(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_light(one), _light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_text_is_readable_in_both_themes() -> None:
    light, dark = _tokens("muster.css"), _tokens("dark.css")
    assert light.keys() == dark.keys()
    for theme in (light, dark):
        for text in ("--text", "--muted", "--accent", "--ok", "--warning", "--critical", "--unknown"):
            for ground in ("--page", "--surface", "--hover"):
                assert _contrast(theme[text], theme[ground]) >= 4.5, (text, ground)
        for state in ("--ok", "--warning", "--critical", "--unknown", "--accent"):
            assert _contrast(theme[state], theme[f"{state}-soft"]) >= 4.5, state
        for ground in ("--removed", "--added", "--removed-mark", "--added-mark", "--sunken"):
            assert _contrast(theme["--text"], theme[ground]) >= 4.5, ground
        assert _contrast(theme["--on-accent"], theme["--accent"]) >= 4.5


async def test_static_files_are_served_with_their_type_and_nothing_beside_them(world: World) -> None:
    async with world.nobody() as client:
        css = await client.get("/static/muster.css")
        assert (css.status_code, css.headers["content-type"]) == (200, "text/css; charset=utf-8")
        assert (await client.get("/static/icons.svg")).headers["content-type"] == "image/svg+xml"
        for path in ("/static/../render.py", "/static/%2e%2e/render.py", "/static/", "/static/nope.js"):
            assert (await client.get(path)).status_code == 404
