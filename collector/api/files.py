"""Reports as files, for REST and pages alike: which kinds there are, in whose words, under which name they are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, cast

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from collector.report.value import Report
from collector.report.words import Words
from collector.services.exports import FORMATS
from collector.services.missing import NotFound

FormatName = Literal["json", "csv", "xml", "xlsx", "pdf"]
LanguageName = Literal["zh-CN", "en"]
FormatAsked = Annotated[FormatName, Query(alias="format")]
LanguageAsked = Annotated[LanguageName | None, Query()]

FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {each.media_type: {} for each in FORMATS.values()}, "description": "The report as a file."}
}
"""What a route that answers with a report says of its answers."""


def words_of(request: Request, language: str | None) -> Words:
    """Return the words of a language, of whoever asks when none is named; the pages have them."""
    return cast(Callable[[Request, str | None], Words], request.app.state.words_of)(request, language)


def kept_as(name: str) -> dict[str, str]:
    """Return the headers by which a browser keeps an answer as the file `name`."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def of_report(report: Report, name: str, form: str, words: Words, *, kept: bool = True) -> StreamingResponse:
    """Return a report as a file; raise `NotFound` for a kind there is none of. `kept`: under `name` and its ending."""
    if form not in FORMATS:
        raise NotFound("format", form)
    headers = kept_as(f"{name}.{form}") if kept else {}
    return StreamingResponse(FORMATS[form].write(report, words), media_type=FORMATS[form].media_type, headers=headers)


def is_kept(form: str) -> bool:
    """Whether REST has an answer kept: a program takes JSON as it comes, a person keeps a file."""
    return form != "json"
