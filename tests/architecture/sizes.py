"""Sizes as an alarm, not a law: `python -m tests.architecture.sizes` prints what outgrew the house."""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.checkout import ROOT, sources

FILE_LINES = 300
FUNCTION_LINES = 40
PARAMETERS = 6


@dataclass(frozen=True, slots=True)
class Function:
    """One function: where it stands, its lines from first to last, its parameters."""

    place: str
    lines: int
    parameters: int


def functions(path: Path) -> Iterator[Function]:
    """Yield the functions of one file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            named = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
            counted = len(named) - (named[:1] in (["self"], ["cls"]))
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(f"{path}:{node.lineno} {node.name}", lines, counted)


def report(paths: list[Path]) -> list[str]:
    """Return the report, line by line: the medians, then each alarm."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    found = [function for path in paths for function in functions(path)]
    alarms = [f"{path}: {lines} lines" for path, lines in lengths.items() if lines > FILE_LINES]
    alarms += [f"{each.place}: {each.lines} lines" for each in found if each.lines > FUNCTION_LINES]
    alarms += [f"{each.place}: {each.parameters} parameters" for each in found if each.parameters > PARAMETERS]
    file_median = statistics.median(lengths.values())
    function_median = statistics.median(each.lines for each in found)
    return [
        f"{len(paths)} files, median {file_median:.0f} lines; {len(found)} functions, median {function_median:.0f}",
        f"alarms (file > {FILE_LINES}, function > {FUNCTION_LINES}, parameters > {PARAMETERS}): {len(alarms)}",
        *(f"  {alarm}".replace(f"{ROOT}/", "") for alarm in alarms),
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(sources("agent", "collector", "discovery", "proto"))) + "\n")
