"""Mutation: a rule changed a little, to see whether its tests notice. Values in, values out.

| file | one thing |
|---|---|
| `source` | one expression → the same with one thing changed |
| `rule` | one rule → the same with one thing changed, and what is left out because it changes nothing |
| `gate` | mutants × cases and timelines → how many are noticed |
"""
