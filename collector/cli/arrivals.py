"""`muster arrivals`: what was found and waits to be registered, and the rules that accept some of it by themselves."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer(no_args_is_help=True, help="What was found and waits to be registered.")
rules_app = typer.Typer(no_args_is_help=True, help="Rules that accept newcomers by class and range.")
app.add_typer(rules_app, name="rules")

DATA = default_data()
Number = Annotated[str, typer.Argument(help="Number of a rule: ARR-000001.")]
Name = Annotated[str, typer.Argument(help="What the rule is called.")]
Kind = Annotated[str, typer.Argument(help="CLASS or CLASS/TYPE, as in network/switch.", metavar="CLASS[/TYPE]")]
Zone = Annotated[str, typer.Option("--zone", help="Where probes of this zone reached it; left out: the default one.")]
Range = Annotated[
    list[str] | None, typer.Option("--range", help="192.0.2.0/24, first-last or one address; may be repeated.")
]
Gives = Annotated[
    list[str] | None,
    typer.Option("--give", help="owner=…, department=…, contact=…, place=… or environment=…; may be repeated."),
]
Ends = Annotated[str | None, typer.Option("--ends", help="It accepts nobody from then on; RFC 3339.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
COLUMNS = ("number", "name", "class", "type", "zone", "ranges", "state", "ends", "made_by")
CANDIDATE = ("id", "name", "class", "type", "addresses", "why")


@app.command("list")
def waiting(
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 1000, json: AsJson = False, data: Data = DATA
) -> None:
    """List the CIs that wait to be registered."""
    rows = Client(data).pages("cis", limit, state="proposed")
    show.as_json(rows) if json else show.table(rows, ("id", "class", "type", "name", "created_at"))


@rules_app.command("list")
def listed(json: AsJson = False, data: Data = DATA) -> None:
    """List the rules as they stand, those that are on first."""
    _rules(Client(data).get("arrival-rules"), json)


@rules_app.command("show")
def shown(
    number: Number,
    versions: Annotated[bool, typer.Option("--versions", help="All it ever said, and when.")] = False,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Show a rule as it stands, or all its versions."""
    client, path = Client(data), f"arrival-rules/{number}"
    if versions:
        _rules(client.get(f"{path}/versions"), json, ("version", "since", "until", *COLUMNS))
    else:
        found = client.get(path)
        show.as_json(found) if json else _rules([found], json)


@rules_app.command("try")
def tried(kind: Kind, zone: Zone = "", within: Range = None, json: AsJson = False, data: Data = DATA) -> None:
    """Say which of those that wait such a rule would accept, and which not and why; nothing is written."""
    ci_class, _, ci_type = kind.partition("/")
    asked = {"class": ci_class, "type": ci_type, "zone": zone, "range": within or []}
    _fit(Client(data).get("arrival-rules/fit", **asked), json)


@rules_app.command("make")
def make(  # noqa: PLR0913  a command line has as many options as it has
    name: Name, kind: Kind, zone: Zone = "", within: Range = None, give: Gives = None, ends: Ends = None,
    json: AsJson = False, data: Data = DATA,
) -> None:  # fmt: skip
    """Write a rule, which is off, and print its number."""
    made = Client(data).post("arrival-rules", _said(name, kind, zone, within, give, ends))
    show.as_json(made) if json else print(made["number"])


@rules_app.command("change")
def change(  # noqa: PLR0913
    number: Number, name: Name, kind: Kind, zone: Zone = "", within: Range = None, give: Gives = None,
    ends: Ends = None, json: AsJson = False, data: Data = DATA,
) -> None:  # fmt: skip
    """Write the whole of a rule anew; it is off then."""
    client, path = Client(data), f"arrival-rules/{number}"
    asked = _said(name, kind, zone, within, give, ends) | {"version": client.get(path)["version"]}
    client.put(path, asked)
    made = client.get(path)
    show.as_json(made) if json else _rules([made], json)


@rules_app.command("fit")
def fit(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Say which of those that wait a rule would accept, and which not and why."""
    _fit(Client(data).get(f"arrival-rules/{number}/fit"), json)


@rules_app.command("on")
def turn_on(
    number: Number,
    none: Annotated[bool, typer.Option("--none", help="Accept none of those that wait, only what comes.")] = False,
    yes: Yes = False,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Turn a rule on: it accepts those that wait as they are listed here, and what comes from then on."""
    client, path = Client(data), f"arrival-rules/{number}"
    version = client.get(path)["version"]
    found = client.get(f"{path}/fit")
    if not json:
        _fit(found, json)
    if not yes:
        typer.confirm(f"Turn {number} on?", abort=True, err=True)
    accept = [] if none else [{name: each[name] for name in ("id", "class", "type")} for each in found["fits"]]
    told = client.post(f"{path}/on", {"version": version, "accept": accept})
    if json:
        show.as_json(told)
        return
    print(f"{told['accepted']} accepted")
    show.table(told["left"], ("id", "why"))


@rules_app.command("off")
def turn_off(number: Number, json: AsJson = False, data: Data = DATA) -> None:
    """Turn a rule off: it accepts nobody from then on; what it accepted stays."""
    found = Client(data).post(f"arrival-rules/{number}/off", {})
    show.as_json(found) if json else _rules([found], json)


def _said(
    name: str, kind: str, zone: str, within: list[str] | None, give: list[str] | None, ends: str | None
) -> dict[str, Any]:
    ci_class, _, ci_type = kind.partition("/")
    gives = dict(_given(each) for each in give or [])
    return {
        "name": name, "class": ci_class, "type": ci_type, "zone": zone, "ranges": within or [], "gives": gives,
        "ends": ends,
    }  # fmt: skip


def _given(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter("a field and its value are expected, as in owner=network", param_hint="--give")
    return name, value


def _rules(rows: list[dict[str, Any]], json: bool, columns: tuple[str, ...] = COLUMNS) -> None:
    if json:
        show.as_json(rows)
    else:
        show.table([row | {"ranges": ", ".join(row["ranges"])} for row in rows], columns)


def _fit(found: dict[str, Any], json: bool) -> None:
    if json:
        show.as_json(found)
        return
    at_least = "at least " if found["is_more"] else ""
    print(f"{at_least}{found['fitting']} would be accepted, {found['leaving']} would not")
    rows = [*found["fits"], *found["left"]]
    show.table([row | {"addresses": ", ".join(row["addresses"])} for row in rows], CANDIDATE)
