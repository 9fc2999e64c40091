"""`muster ci`: the configuration database as a table or JSON."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from collector.cli import show
from collector.cli.client import AsJson, AsOf, Client, Data, KnownAt, default_data

app = typer.Typer(no_args_is_help=True, help="Configuration items.")

DATA = default_data()


@app.command("list")
def listed(  # noqa: PLR0913  a command line has as many options as it has
    ci_class: Annotated[str | None, typer.Option("--class", help="Only this class.")] = None,
    ci_type: Annotated[str | None, typer.Option("--type", help="Only this type.")] = None,
    state: Annotated[str | None, typer.Option("--state", help="Only this state.")] = None,
    query: Annotated[str | None, typer.Option("-q", help="Name, serial, address … contains this.")] = None,
    at: AsOf = None,
    known_at: KnownAt = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List CIs."""
    given = {"class": ci_class, "type": ci_type, "state": state, "q": query, "at": at, "known_at": known_at}
    rows = Client(data).pages("cis", limit, **given)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("id", "type", "name", "state"))


@app.command("show")
def shown(ci_id: str, at: AsOf = None, known_at: KnownAt = None, json: AsJson = False, data: Data = DATA) -> None:
    """Show one CI: its facts, with source and age."""
    ci = Client(data).get(f"cis/{ci_id}", at=at, known_at=known_at)
    if json:
        show.as_json(ci)
    else:
        show.table([ci], ("id", "class", "type", "name", "state"))
        show.table(
            [fact | {"section": part["name"]} for part in ci["sections"] for fact in part["facts"]],
            ("section", "key", "value", "source", "since"),
        )


Owner = Annotated[str, typer.Option("--owner", help="Who answers for it.")]
Department = Annotated[str, typer.Option("--department", help="Whose it is.")]
Place = Annotated[str, typer.Option("--place", help="Where it stands.")]
Label = Annotated[str, typer.Option("--label", help="What its printed label says.")]
Asset = Annotated[str, typer.Option("--asset-number", help="Its number in the books.")]
Environment = Annotated[str, typer.Option("--environment", help="production, test or development.")]
OWN: Final = frozenset({"label", "asset_number"})
"""What each has for itself."""


def _said(**record: str) -> dict[str, str]:
    """Return what is said of a record: an option that is not given says nothing."""
    return {name: value for name, value in record.items() if value}


@app.command("register")
def registered(  # noqa: PLR0913  a command line has as many options as it has
    ci_ids: Annotated[list[str], typer.Argument(help="Proposed CIs.", metavar="ID…")],
    named: Annotated[
        str, typer.Option("--as", metavar="CLASS/TYPE", help="What it is, where no source could say: network/switch.")
    ] = "",
    owner: Owner = "",
    department: Department = "",
    place: Place = "",
    label: Label = "",
    asset_number: Asset = "",
    environment: Environment = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Register proposed CIs: what they show now is authorised, what moves later is held against that.

    What is said of several at once is what is alike; label and asset number each has for itself.
    """
    client = Client(data)
    record = _said(
        owner=owner, department=department, place=place, label=label, asset_number=asset_number, environment=environment
    )
    own = OWN & record.keys()
    if own and len(ci_ids) > 1:
        raise typer.BadParameter("each has its own label and asset number: register them one by one")
    if named or own:
        ci_class, _, ci_type = named.partition("/")
        asked = {"class": ci_class, "type": ci_type, "record": record}
        rows = [client.post(f"cis/{each}/register", asked) for each in ci_ids]
        told: dict[str, Any] = {"registered": len(rows), "left": []}
    else:
        told = client.post("cis/register", {"ids": ci_ids, "record": record})
    if json:
        show.as_json(told)
        return
    print(f"{told['registered']} registered")
    show.table([each["ci"] | {"why": each["why"]} for each in told["left"]], ("id", "name", "why"))


@app.command("add")
def added(  # noqa: PLR0913  a command line has as many options as it has
    ci_type: Annotated[str, typer.Option("--type", help="What it is: rack, printer, finance …")],
    name: Annotated[str, typer.Option("--name", help="What it is called.")],
    vendor: Annotated[str, typer.Option("--vendor", help="Its maker; a serial needs it.")] = "",
    model: Annotated[str, typer.Option("--model")] = "",
    serial: Annotated[str, typer.Option("--serial", help="By this discovery knows it again.")] = "",
    hostname: Annotated[str, typer.Option("--hostname")] = "",
    address: Annotated[str, typer.Option("--address")] = "",
    owner: Owner = "",
    department: Department = "",
    place: Place = "",
    label: Label = "",
    asset_number: Asset = "",
    environment: Environment = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Enter a CI that nothing discovers; a serial, label or asset number that is known says which one it is."""
    record = {"name": name} | _said(
        owner=owner, department=department, place=place, label=label, asset_number=asset_number, environment=environment
    )
    seen = {"vendor": vendor, "model": model, "serial": serial, "hostname": hostname, "address": address}
    told = Client(data).post("cis", {"type": ci_type, "record": record} | seen)
    if json:
        show.as_json(told)
    else:
        show.table([told], ("id", "outcome", "left"))


@app.command("replace")
def replaced(
    ci_id: Annotated[str, typer.Argument(help="The proposed CI.", metavar="NEW")],
    old: Annotated[str, typer.Argument(help="The registered CI whose place it takes.", metavar="OLD")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands with the case and in the audit log.")] = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Say which CI a proposed one replaces: that one goes on; `muster case unmerge` takes it back."""
    ci = Client(data).post(f"cis/{ci_id}/replace", {"ci": old, "reason": reason})
    if json:
        show.as_json(ci)
    else:
        show.table([ci], ("id", "type", "name", "state"))


@app.command("relate")
def related(
    ci_id: str,
    kind: Annotated[
        str,
        typer.Argument(help="powered_by, runs_on, installed_on, contains, ha_peer, depends_on, stored_on, located_in."),
    ],
    other: Annotated[str, typer.Argument(help="The other CI's id.")],
    end: Annotated[bool, typer.Option("--end", help="Take it back.")] = False,
    data: Data = DATA,
) -> None:
    """Say that one CI is related to another, or take it back; what devices tell of each other needs no word."""
    client, path = Client(data), f"cis/{ci_id}/relations"
    if end:
        client.delete(f"{path}/{kind}/{other}")
    else:
        client.post(path, {"kind": kind, "to": other})


@app.command("relations")
def relations(  # noqa: PLR0913  a command line has as many options as it has
    ci_id: Annotated[str, typer.Argument(help="Only those of this CI.", metavar="[ID]")] = "",
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="runs_on, powered_by …; repeatable.")] = None,
    at: AsOf = None,
    known_at: KnownAt = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000)] = 1000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List how CIs are related, now or as of a moment: who says so, and since when."""
    path = f"cis/{ci_id}/relations" if ci_id else "relations"
    rows = Client(data).pages(path, limit, kind=kinds or [], at=at, known_at=known_at)
    if json:
        show.as_json(rows)
        return
    told = [{"ci": row["a"]["name"], "relation": row["kind"], "to": row["b"]["name"], **row} for row in rows]
    show.table(told, ("ci", "relation", "to", "source", "since"))


@app.command("history")
def history(
    ci_id: str,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 200,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """What moved on one CI, newest first: before and after."""
    rows = Client(data).pages(f"cis/{ci_id}/history", limit)
    if json:
        show.as_json(rows)
    else:
        show.table(rows, ("at", "section", "key", "before", "after"))


@app.command("configuration")
def configuration(
    ci_id: str,
    sha256: Annotated[str | None, typer.Option("--show", help="Print the text of the version with this hash.")] = None,
    old: Annotated[str | None, typer.Option("--from", help="Compare this version …")] = None,
    new: Annotated[str | None, typer.Option("--to", help="… with this one.")] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List the configurations of a device that are kept; print one, or what differs between two."""
    client, path = Client(data), f"cis/{ci_id}/configurations"
    if sha256:
        show.text(client.get(f"{path}/{sha256}"))
        return
    found = client.get(f"{path}/difference", old=old, new=new) if old and new else client.get(path)
    if json:
        show.as_json(found)
    elif old and new:
        show.text("\n…\n".join(map(_lines, found["groups"])))
    else:
        show.table(found, ("kind", "since", "sha256", "size", "is_current", "changed"))


def _lines(group: list[dict[str, Any]]) -> str:
    return "\n".join(f"{line['edit']}{line['text']}" for line in group)
