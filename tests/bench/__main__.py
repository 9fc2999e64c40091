"""Run the benchmarks, each in a process of its own, and print their figures.

The table goes to standard output, or one JSON document with `--json`; progress goes to standard error.
The exit code is 1 when a benchmark broke or a figure misses what was promised of it. A benchmark may have options of
its own, which stand behind its name: `estate --days 6`.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

from tests.bench import Figure
from tests.bench.apart import PREFIX, measure_apart

HERE = "tests.bench"
OURS = ("--json", "--help", "-h")


def names(folder: Path) -> list[str]:
    """Return the names of the benchmarks in `folder`, in order: `bench_ingest.py` is `ingest`."""
    return sorted(path.stem.removeprefix(PREFIX) for path in folder.glob(f"{PREFIX}*.py"))


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def table(figures: dict[str, list[Figure]]) -> str:
    """Return the figures as aligned columns: benchmark, figure, value, promise, note."""
    rows = [("benchmark", "figure", "value", "promised", "note")]
    for name, measured in figures.items():
        rows += [(name, f.name, f"{_number(f.value)} {f.unit}", _promise(f), f.note) for f in measured]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]).rstrip()
        for row in rows
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _promise(figure: Figure) -> str:
    bounds = [f"≥ {_number(figure.at_least)}"] if figure.at_least is not None else []
    bounds += [f"≤ {_number(figure.at_most)}"] if figure.at_most is not None else []
    verdict = {True: " held", False: " MISSED", None: ""}[figure.holds]
    return " ".join(bounds) + verdict


def main(words: list[str] | None = None) -> int:
    """Run the benchmarks named in `words`, or all; return the exit code."""
    package, words = _package(sys.argv[1:] if words is None else words)
    words, options = _apart(words)
    known = names(Path(str(importlib.import_module(package).__file__)).parent)
    parser = argparse.ArgumentParser(prog="muster bench", description=f"There are: {', '.join(known) or 'none yet'}.")
    parser.add_argument("name", nargs="*", help="which to run; none: all")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.name) - set(known):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are: {', '.join(known) or 'none'}")
    if options and len(arguments.name) != 1:
        parser.error(f"options of a benchmark stand beside its name: {' '.join(options)}")
    figures, broken = _run(package, arguments.name or known, options)
    if arguments.json:
        shown = {name: [dataclasses.asdict(f) | {"holds": f.holds} for f in each] for name, each in figures.items()}
        print(json.dumps({"machine": machine(), "figures": shown, "broken": broken}, indent=2, ensure_ascii=False))
    else:
        print(" · ".join(f"{key} {value}" for key, value in machine().items()), table(figures), sep="\n\n")
    missed = any(figure.holds is False for each in figures.values() for figure in each)
    return 1 if broken or missed else 0


def _package(words: list[str]) -> tuple[str, list[str]]:
    """Return the package whose benchmarks are meant, and the other words."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--package", default=HERE)
    found, others = parser.parse_known_args(words)
    return found.package, others


def _apart(words: list[str]) -> tuple[list[str], list[str]]:
    """Return our own words, and the options of one benchmark: from the first that is none of ours on."""
    at = next((at for at, word in enumerate(words) if word.startswith("-") and word not in OURS), len(words))
    ours = [word for word in words[at:] if word in OURS]
    return [*words[:at], *ours], [word for word in words[at:] if word not in OURS]


def _run(package: str, chosen: list[str], options: list[str]) -> tuple[dict[str, list[Figure]], dict[str, str]]:
    """Return figures by benchmark, and for each that broke, why."""
    figures: dict[str, list[Figure]] = {}
    broken: dict[str, str] = {}
    for name in chosen:
        began = time.monotonic()
        try:
            figures[name] = measure_apart(package, name, options)
        except Exception as error:  # noqa: BLE001  one broken benchmark costs its own figures only
            broken[name] = f"{type(error).__name__}: {error}"
        print(f"{name}: {broken.get(name, 'measured')} ({time.monotonic() - began:.1f} s)", file=sys.stderr)
    return figures, broken


if __name__ == "__main__":
    sys.exit(main())
