"""Rules proved by their own tests. The rule and the state machine of alerts are the collector's own; time is made.

| file | one thing |
|---|---|
| `cases` | a rule × one of its cases → why that does not hold |
| `timelines` | timelines as files |
| `playing` | a rule × a timeline → what is not as expected |
| `suite` | all rules × all their tests |
"""
