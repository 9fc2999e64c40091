"""The service desk.

| file | what it does |
|---|---|
| `admitting` | what is known of a new incident: priority, line, place, contact |
| `reporting` | a user says what is broken, and follows it |
| `desk` | every act on an incident, with its step and its row in the audit log |
| `linkable` | what an incident can be linked to |
| `acknowledging` | alerts somebody has seen |
| `clockwork` | clocks that pass their thresholds, what closes by itself, a year of the calendar that is missing |
| `listed`, `seen` | incidents as pages and REST show them |
"""
