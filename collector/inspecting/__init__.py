"""Periodic maintenance as values: what is planned, when it is due, what a run comes to, what people fill in and sign.

| file | one thing |
|---|---|
| `plan` | a plan: schedule, scope, checks, items people fill in, who does it; read from and written as JSON values |
| `reading` | how a plan is read from JSON values, bounded, with where it is wrong |
| `rounds` | a plan of rounds or of the yearly stock-take: the same schedule, another thing that comes of it |
| `schedule` | when it is due: RRULE (RFC 5545) by the clock of a zone, moved off days nobody works |
| `templates` | plans that are shipped (`rules/plans/*.yaml`) |
| `scope` | which CIs, and which rules |
| `line` | one row of a report, and how much of what was expected was seen |
| `difference` | what is new, persists or is fixed since the last run |
| `answer` | what people fill in, held against what was asked |
| `photo` | a photo, and what it is by its first bytes |
| `drawing` | a signature drawn by hand: a PNG that is small, whole and nothing else |
| `seal` | the report as one text, and its SHA-256 |
"""
