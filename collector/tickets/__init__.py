"""Changes as other systems keep them: read over their public interfaces, checked, and made one kind of record.

| file | one thing |
|---|---|
| `record` | a change as read from any of them |
| `system` | one system as people set it up: where it is, whose words count, what its fields mean |
| `tables` | what the products call things, as data (`rules/tickets.yaml`) |
| `exchange` | the HTTP client: bounds, times, patience with a server that is busy |
| `fields` | values out of a record of theirs: texts, times, names |
| `markup` | HTML and the document format of Jira as plain text |
| `itop`, `glpi`, `servicenow`, `jira` | one product each: `read` asks, `record` makes one record of one answer |
| `products` | the four by name |

Nothing here knows the database: what becomes of a record is `collector.services.changes.foreign`'s.
"""

from __future__ import annotations


class BadAnswer(Exception):
    """A system did not answer as it documents: nothing of the pull counts. The message holds no secret."""


class BadRecord(ValueError):
    """One record cannot be read; the message is a sentence, `field` the field of theirs it is about, or empty."""

    def __init__(self, why: str, field: str = "") -> None:
        super().__init__(why)
        self.field = field
