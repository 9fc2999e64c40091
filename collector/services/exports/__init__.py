"""A report as a file. One file a format, each a function of the report and the words of a language.

| file | one thing |
|---|---|
| `csvfile` | cells a spreadsheet does not run, and tables one below the other |
| `jsonfile`, `xmlfile` | for programs: codes instead of words, times in UTC |
| `xlsx` | a workbook: a sheet a table, no cell a formula |
| `pdf` | pages to print |
| `shots`, `darkroom` | the photos on them: which are drawn; made small in a process of its own |

All but `xlsx` and `pdf` are written while they are read; those two are sent once they are whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from collector.report.value import Report
from collector.report.words import Words
from collector.services.exports import csvfile, jsonfile, pdf, xlsx, xmlfile

Write = Callable[[Report, Words], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is written, and what it is called on the wire."""

    media_type: str
    write: Write


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format("application/json", jsonfile.write),
    "csv": Format("text/csv; charset=utf-8", csvfile.write),
    "xml": Format("application/xml", xmlfile.write),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx.write),
    "pdf": Format("application/pdf", pdf.write),
}
