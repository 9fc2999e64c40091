"""Problems: why the same comes back.

| file | what it does |
|---|---|
| `proposing` | three times in thirty days: the clock proposes a problem, once a key |
| `working` | what people do with one: accept, decline, know its cause, solve it, close it |
| `seen` | problems as pages and REST show them |
"""
