"""`muster sweep` and `muster credential`: what probes sweep, what became of it, and what they may log in with."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, Refused, default_data
from collector.web.catalogue import Texts

app = typer.Typer(no_args_is_help=True, help="Sweeps of networks.")
credential_app = typer.Typer(no_args_is_help=True, help="Credentials of probes.")

DATA = default_data()
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000)]
KINDS = {
    "snmp_community": ("community",),
    "snmp_user": ("auth_key", "priv_key"),
    "ssh": ("password",),
    "redfish": ("password",),
    "nut": ("password",),
}
"""Kind → what of it is asked for unseen, in this order."""
MAX_STDIN = 16_384
POLL_S = 1.0


@app.command("list")
def listed(limit: Limit = 50, json: AsJson = False, data: Data = DATA) -> None:
    """List sweeps, newest first."""
    rows = Client(data).pages("sweeps", limit)
    if json:
        show.as_json(rows)
    else:
        show.table([_flat(row) for row in rows], ("id", "plan", "state", "asked_at", "swept", "alive", "identified"))


@app.command("start")
def start(
    plan: Annotated[str, typer.Argument(help="Name or id of a plan.")], json: AsJson = False, data: Data = DATA
) -> None:
    """Start a sweep of a plan and print its id."""
    client = Client(data)
    made = client.post("sweeps", {"plan": _named(client.get("sweep-plans"), plan, "plan")})
    if json:
        show.as_json(made)
    else:
        print(made["id"])


@app.command("show")
def shown(uid: str, json: AsJson = False, data: Data = DATA) -> None:
    """Show one sweep: how far it is, and each subnet in numbers."""
    client = Client(data)
    sweep, subnets = client.get(f"sweeps/{uid}"), client.get(f"sweeps/{uid}/coverage")
    if json:
        show.as_json(sweep | {"coverage": subnets})
        return
    show.table([_flat(sweep)], ("id", "plan", "state", "reason", "asked_at", "ended_at", "planned", "swept", "alive",
                                "identified", "failed"))  # fmt: skip
    show.table(subnets, ("subnet", "targets", "alive", "identified", "failed"))


@app.command("targets")
def targets(
    uid: str,
    cause: Annotated[str | None, typer.Option("--cause", help="Only what failed for this cause.")] = None,
    stage: Annotated[str | None, typer.Option("--stage", help="Only what came as far as this stage.")] = None,
    limit: Limit = 100_000,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """List the ledger of a sweep: what each address is, or why not."""
    rows = Client(data).pages(f"sweeps/{uid}/targets", limit, cause=cause, stage=stage)
    if json:
        show.as_json(rows)
        return
    flat = [row | {word: row["found"].get(word) for word in ("type", "vendor", "model", "name")} for row in rows]
    show.table(flat, ("address", "stage", "cause", "detail", "type", "vendor", "model", "name"))


def _flat(sweep: dict[str, Any]) -> dict[str, Any]:
    """Return a sweep with its counts beside its other fields, its plan by name."""
    counts = {name: sweep["counts"].get(name, 0) for name in ("planned", "alive", "identified", "failed")}
    return sweep | {"plan": sweep["plan_name"], "swept": sweep["counts"].get("sweep", 0), **counts}


def _named(rows: list[dict[str, Any]], word: str, what: str) -> str:
    """Return the id of the row that is called `word`, or has it as its id."""
    for row in rows:
        if word in (row["id"], row["name"]):
            return str(row["id"])
    raise Refused(f"there is no {what} {word}")


# --- credentials


@credential_app.command("list")
def credentials(json: AsJson = False, data: Data = DATA) -> None:
    """List credentials and where they may be sent; never what is secret."""
    rows = Client(data).get("credentials")
    if json:
        show.as_json(rows)
    else:
        flat = [row | row["scope"] for row in rows]
        show.table(flat, ("id", "name", "kind", "ranges", "vendors", "used_at"))


@credential_app.command("add")
def add(  # noqa: PLR0913  a command line has as many options as it has
    name: str,
    kind: Annotated[str, typer.Option("--kind", help=", ".join(KINDS))],
    ranges: Annotated[list[str], typer.Option("--range", help="Where it may be sent; repeatable.")],
    user: Annotated[str, typer.Option("--user", help="Whom to log in as.")] = "",
    auth: Annotated[str, typer.Option("--auth", help="SNMPv3: sha256, sha512, sha1, md5 …")] = "",
    priv: Annotated[str, typer.Option("--priv", help="SNMPv3: aes128, aes256, des …")] = "",
    key: Annotated[bool, typer.Option("--key", help="SSH: standard input is a private key.")] = False,
    zones: Annotated[list[str] | None, typer.Option("--zone", help="Only in this zone; repeatable.")] = None,
    vendors: Annotated[list[str] | None, typer.Option("--vendor", help="Only to this vendor's; repeatable.")] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Seal a credential. What is secret is asked for, or read from standard input, a line each; never an argument."""
    if kind not in KINDS:
        raise Refused(f"a credential is one of {', '.join(KINDS)}")
    plain = {word: value for word, value in (("user", user), ("auth", auth), ("priv", priv)) if value}
    wanted = ("key",) if key and kind == "ssh" else _wanted(kind, plain)
    body = {
        "name": name, "kind": kind, "scope": {"ranges": ranges, "zones": zones or [], "vendors": vendors or []},
        "secret": plain | _secret(wanted),
    }  # fmt: skip
    made = Client(data).post("credentials", body)
    if json:
        show.as_json(made)
    else:
        print(made["id"])


@credential_app.command("test")
def try_out(
    credential: Annotated[str, typer.Argument(help="Name or id.")],
    address: Annotated[str, typer.Argument(help="One address inside its scope.")],
    zone: Annotated[str, typer.Option("--zone", help="Whose probe tries it.")] = "",
    seconds: Annotated[float, typer.Option("--wait", min=1, help="How long to wait for the answer, seconds.")] = 120.0,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Have a probe try a credential on one address; exit with 1 when it was not accepted."""
    client = Client(data)
    path = f"credentials/{_named(client.get('credentials'), credential, 'credential')}/tests"
    found = client.post(path, {"address": address, "zone": zone})
    ends_at = time.monotonic() + seconds
    while not found["ended_at"] and time.monotonic() < ends_at:
        time.sleep(POLL_S)
        found = client.get(f"{path}/{found['id']}")
    if json:
        show.as_json(found)
    else:
        print(_came_of(found))
    if not found["accepted"]:
        raise typer.Exit(1)


def _came_of(found: dict[str, Any]) -> str:
    """Return in a line what a test came to."""
    if found["accepted"] is None:
        return f"no answer yet: {show.plain(found['state'])}, {show.plain(found['reason'] or 'it waits for a probe')}"
    answer, cause = "accepted" if found["accepted"] else "not accepted", show.plain(found["cause"])
    if not found["cause"]:
        return answer
    return f"{answer}: {cause} ({show.plain(found['detail'])})\n{Texts('en').label('remedy', cause)}"


@credential_app.command("resume")
def resume(
    credential: Annotated[str, typer.Argument(help="Name or id.")], json: AsJson = False, data: Data = DATA
) -> None:
    """Let a suspended credential be used again."""
    client = Client(data)
    uid = _named(client.get("credentials"), credential, "credential")
    row = client.post(f"credentials/{uid}/resume")
    if json:
        show.as_json(row)
    else:
        print(f"{uid} is used again")


@credential_app.command("remove")
def remove(
    credential: Annotated[str, typer.Argument(help="Name or id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Remove a credential and its sealed secret."""
    client = Client(data)
    uid = _named(client.get("credentials"), credential, "credential")
    if not yes:
        typer.confirm(f"remove the credential {show.plain(credential)}?", abort=True)
    client.delete(f"credentials/{uid}")
    if json:
        show.as_json({"id": uid})
    else:
        print(f"{uid} is removed")


def _wanted(kind: str, plain: dict[str, str]) -> tuple[str, ...]:
    """Return what is secret in a credential: of an SNMPv3 user, the keys of the algorithms it names."""
    return tuple(word for word in KINDS[kind] if kind != "snmp_user" or word.removesuffix("_key") in plain)


def _secret(wanted: tuple[str, ...]) -> dict[str, str]:
    if sys.stdin.isatty():
        return {word: typer.prompt(word.replace("_", " "), hide_input=True) for word in wanted}
    text = sys.stdin.read(MAX_STDIN + 1)
    if len(text) > MAX_STDIN:
        raise Refused(f"more than {MAX_STDIN} characters on standard input")
    if wanted == ("key",):
        return {"key": text}
    lines = text.splitlines()
    if len(lines) != len(wanted):
        raise Refused(f"on standard input {len(wanted)} lines are expected: {', '.join(wanted)}")
    return dict(zip(wanted, lines, strict=True))
