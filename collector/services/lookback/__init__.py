"""Looking back: what was believed when, and what would have been flagged by other terms.

| file | one thing |
|---|---|
| `moments` | what was asked for in both times → a moment |
| `asked` | a period, a table of attributes and margins, as somebody types them, checked |
| `report` | what a past period comes to: what was held of it, what would be held, where the two differ |
| `lanes` | one value in every lane as of a moment |
| `logged` | whether findings of a CI open incidents |
| `backtests` | judges a past period anew, one at a time; nothing is written |
"""
