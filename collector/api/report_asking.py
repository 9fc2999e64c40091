"""What may be asked of reports, and what the list of them answers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from collector.api import asking, shapes
from collector.api.asking import Word, Words
from collector.api.context import Context
from collector.api.files import FormatName, LanguageName
from collector.services.reports import months
from collector.services.reports.asked import Asked

Time = str | None


class ReportAsked(BaseModel):
    """Times are RFC 3339 with their offset; `until` is beyond; without a period it is the half year before."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    at: Time = Field(None, max_length=40, description="as of this moment; now by default")
    known_at: Time = Field(None, max_length=40, description="as it was known at this moment; now by default")
    since: Time = Field(None, max_length=40)
    until: Time = Field(None, max_length=40)
    classes: Words = Field(default_factory=list, alias="class")
    month: str | None = Field(None, max_length=7, description="as 2026-11, in place of since and until; for monthly")
    ci: Word | None = Field(None, description="id of the CI; the report maintenance needs it")
    format: FormatName = "json"
    table: Word | None = Field(None, description="only this table of the report")
    language: LanguageName | None = Field(None, description="of titles and words; yours by default")

    def asked(self, context: Context) -> Asked:
        """Return what is asked; raise `RequestValidationError` for what is no time, `Refused` for what is no month."""
        at, known_at = asking.moment(self.at, "at"), asking.moment(self.known_at, "known_at")
        since, until = asking.moment(self.since, "since"), asking.moment(self.until, "until")
        if self.month:
            month = months.period(self.month, context.service_desk.table.calendar)
            since, until = month.since, month.until
        return Asked(
            context.clock(),
            at,
            known_at,
            since,
            until,
            tuple(self.classes),
            self.ci or "",
            needs=context.needs,
            desk=context.service_desk.table,
            rules=context.rulebook.rules,
            meter=context.rule_meter,
        )


class Report(shapes.Shape):
    """One report there is."""

    name: str
    title: str
    about: str
    formats: list[str]
