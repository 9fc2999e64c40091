"""`muster ci lock`, `unlock`, `locks` and `why`: values held in their place, and why a value is so."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

app = typer.Typer()

DATA = default_data()
Section = Annotated[str, typer.Argument(help="Section, as `muster ci show` shows it.")]
Key = Annotated[str, typer.Argument(help="Key in that section.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands with the lock and in the audit log.")]
Days = Annotated[int, typer.Option("--days", min=1, max=366, help="The lock ends by itself after so many days.")]
Said = Annotated[str | None, typer.Option("--value", help="Another value than the one that stands, as JSON.")]
Change = Annotated[str, typer.Option("--change", help="Number of the change that calls for it.")]


@app.command("locks")
def listed(ci_id: str, json: AsJson = False, data: Data = DATA) -> None:
    """List what is locked on a CI, and what sources say against it."""
    _show(Client(data).get(f"cis/{ci_id}/locks"), json)


@app.command("lock")
def lock(  # noqa: PLR0913  a command line has as many options as it has
    ci_id: str,
    section: Section,
    key: Key,
    reason: Reason,
    days: Days = 30,
    value: Said = None,
    change: Change = "",
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Hold a value in its place, whatever sources say; a lock that is there is renewed."""
    until = (datetime.now(UTC) + timedelta(days=days) - timedelta(minutes=1)).isoformat(timespec="seconds")
    asked = {"section": section, "key": key, "until": until, "reason": reason, "change": change, "value": _read(value)}
    _show(Client(data).post(f"cis/{ci_id}/locks", asked), json)


@app.command("unlock")
def unlock(ci_id: str, section: Section, key: Key, reason: Reason, json: AsJson = False, data: Data = DATA) -> None:
    """Let a value follow its sources again."""
    asked = {"section": section, "key": key, "reason": reason}
    _show(Client(data).post(f"cis/{ci_id}/locks/release", asked), json)


@app.command("why")
def why(ci_id: str, section: Section, key: Key, json: AsJson = False, data: Data = DATA) -> None:
    """Say why a value is so: who says what, how far each is believed, which one won."""
    found = Client(data).get(f"cis/{ci_id}/why", section=section, key=key)
    if json:
        show.as_json(found)
        return
    stands = found["fact"] or {"value": None, "source": "", "why": "", "since": None}
    show.table([stands], ("value", "source", "why", "since"))
    counted = [each | {"reason": each["reason"]["en"]} for each in found["weighed"]]
    show.table(counted, ("source", "value", "confirmed_at", "rank", "mode", "lost", "reason"))
    if found["lock"]:
        _show([found["lock"]], json)


def _read(value: str | None) -> Any:
    if value is None:
        return None
    try:
        return json_format.loads(value)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter("JSON is expected, such as '\"text\"' or 12", param_hint="--value") from error


def _show(rows: list[dict[str, Any]], json: bool) -> None:
    if json:
        show.as_json(rows)
    else:
        told = [row | {"against": ", ".join(f"{each['source']}: {each['value']}" for each in row["against"])}
                for row in rows]  # fmt: skip
        show.table(told, ("section", "key", "value", "holder", "until", "reason", "against"))
