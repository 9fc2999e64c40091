"""Reports as values: what every writer and every page reads, without store, clock or language.

| file | one thing |
|---|---|
| `value` | a report: parameters, figures, and tables with typed columns, whose rows come part by part |
| `words` | what is asked of whoever has the words of a language |
| `cells` | a typed value as text |
| `needs` | what a CI needs to be complete, fresh and verified (`rules/health.yaml`), and its score |

`collector/services/reports` makes them, `collector/services/exports` writes them as files.
"""
