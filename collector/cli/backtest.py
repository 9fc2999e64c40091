"""`muster backtest`: a past period judged by other terms."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from collector.cli import show
from collector.cli.client import AsJson, Client, Data, default_data

DATA = default_data()
NOTHING = Path(os.devnull)
"""An empty table: the present one."""
_COLUMNS = ("ci", "section", "key", "field", "first_after_at", "was", "would_be", "change")


def backtest(  # noqa: PLR0913  a command line has as many options as it has
    start: Annotated[str, typer.Option("--from", help="RFC 3339 with the offset.")],
    end: Annotated[str | None, typer.Option("--to", help="Likewise; left out: now.")] = None,
    policy: Annotated[Path, typer.Option("--policy", help="A table as rules/attributes.yaml.")] = NOTHING,
    pre: Annotated[int | None, typer.Option("--pre", help="Minutes before its window a change still covers.")] = None,
    post: Annotated[int | None, typer.Option("--post", help="Minutes after it.")] = None,
    reach: Annotated[int | None, typer.Option("--reach", help="Minutes beside it that count as out of window.")] = None,
    json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Show what would have been flagged in a past period, and where that differs; nothing is written."""
    margins = {"pre": pre, "post": post, "reach": reach}
    named = {"from": start, "to": end, **margins}
    told = Client(data).send("backtests", policy, **{name: each for name, each in named.items() if each is not None})
    if json:
        show.as_json(told)
        return
    print(f"{told['items']} things moved on {told['cis']} CIs; {told['flagged']} are flagged, "
          f"{told['would_flag']} would be; {told['differing']} differ")  # fmt: skip
    show.table(told["counts"], ("was", "would_be", "count"))
    show.table([_flat(row) for row in told["rows"]], _COLUMNS)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"ci": row["ci"]["name"]}
