"""`muster report`: a report on the terminal, or as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, Refused, default_data

DATA = default_data()
FORMATS = ("json", "csv", "xml", "xlsx", "pdf")
BINARY = ("xlsx", "pdf")


def take(  # noqa: PLR0913  a command line has as many options as it has
    name: Annotated[str, typer.Argument(help="monthly, status, statistics, health or maintenance.")],
    format_: Annotated[str, typer.Option("--format", help="json, csv, xml, xlsx or pdf; on the terminal else.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; standard output else.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="As of this moment, RFC 3339 with the offset.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Begin of the period, RFC 3339.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="End of the period, RFC 3339.")] = None,
    month: Annotated[str | None, typer.Option("--month", help="The month of the monthly report, as 2026-11.")] = None,
    classes: Annotated[list[str] | None, typer.Option("--class", help="Only CIs of this class; repeatable.")] = None,
    ci: Annotated[str | None, typer.Option("--ci", help="Id of the CI; maintenance needs it.")] = None,
    table: Annotated[str | None, typer.Option("--table", help="Only this table.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="zh-CN or en.")] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Make a report; without a format it is shown as tables."""
    query = {
        "at": at, "since": since, "until": until, "month": month, "class": classes or [], "ci": ci, "table": table,
        "language": language,
    }  # fmt: skip
    kind = "json" if json else format_
    if kind and kind not in FORMATS:
        raise Refused(f"--format is one of {', '.join(FORMATS)}")
    client = Client(data)
    if kind or out:
        _write(client, name, out, query | {"format": kind or (out.suffix[1:] if out else "")})
    else:
        _show(client.get(f"reports/{name}", **query))


def _write(client: Client, name: str, out: Path | None, query: dict[str, Any]) -> None:
    """A file is there when it is whole, and not before."""
    if out is None:
        if query["format"] in BINARY and sys.stdout.isatty():
            raise Refused(f"{query['format']} is no text: say with --out where to write it")
        client.download(f"reports/{name}", sys.stdout.buffer, **query)
        return
    fresh = out.with_name(f"{out.name}.part")
    try:
        with fresh.open("wb") as opened:
            client.download(f"reports/{name}", opened, **query)
        fresh.replace(out)
    except OSError as error:
        raise Refused(f"{error.filename or out}: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)


def _show(report: dict[str, Any]) -> None:
    print(report["title"])
    for figure, value in (report["parameters"] | report["figures"]).items():
        print(f"  {figure}: {show.plain(value)}")
    for table in report["tables"].values():
        print(f"\n{table['title']}")
        show.table(table["rows"], [column["name"] for column in table["columns"]])
