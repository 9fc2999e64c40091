"""What people call a value, by the section it is in and its key there."""

from __future__ import annotations

from collections.abc import Mapping

from collector.change.record import RELATIONS
from collector.incident import Naming
from collector.inert import shorten
from collector.model import Path
from collector.services.element import key_fields
from collector.web.catalogue import LANGUAGES, SHORT, Texts
from wire.sections import shape_of

MAX_NAME = 72


def named(section: str, key: str, texts: Texts) -> str:
    """Return the word of a field, or the parts of an element's key; of a relation its kind: its value says to whom."""
    if section == RELATIONS:
        return texts.label("relation", key.partition("|")[0])
    if shape_of(section).is_record:
        return texts.field(section, key)
    parts = key_fields(shape_of(section), key).values()
    return shorten(" · ".join(str(part) for part in parts if part != ""), MAX_NAME)


def naming() -> Mapping[str, Naming]:
    """Return by language how texts outside a page call a value: with its section, for nothing around it says that."""
    return {SHORT[language]: _called(Texts(language)) for language in LANGUAGES}


def _called(texts: Texts) -> Naming:
    def called(path: Path) -> str:
        return " ".join(filter(None, (texts.label("section", path.section), named(path.section, path.key, texts))))

    return called
