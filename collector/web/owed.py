"""What nobody saw of a change in time after the work, in words: which lines of its plan are missing."""

from __future__ import annotations

from collector.services.changes.unverified import Missed, Owed
from collector.web.catalogue import Texts
from collector.web.naming import named


def missing(owed: Owed | None, texts: Texts) -> str:
    """Return the first lines nobody has seen, and how many they are where there are more; "" where there are none."""
    if owed is None:
        return ""
    said = [_line(each, texts) for each in owed.first]
    if owed.count > len(said):
        said.append(str(texts("changes.missing_more", n=f"{owed.count:,}")))
    return str(texts("list.semicolon")).join(said)


def _line(each: Missed, texts: Texts) -> str:
    key = named(each.section, each.key, texts) if each.key else str(texts("changes.whole_section"))
    field = texts.field(each.section, each.field) if each.field else ""
    return " ".join(filter(None, (each.ci.name, texts.label("section", each.section), key, field)))
