"""Changes as people and other systems deal with them; pages, REST and commands call the same.

| file | one thing |
|---|---|
| `asked` | what people ask for, checked and made a request and a plan |
| `expecting` | an expected value as people write it |
| `desk` | every step: raise, edit, submit, approve, …, tasks, decisions on lines |
| `drafting` | what a change would ask for that is made from a finding or a template |
| `seen` | one change with all a person needs to judge it |
| `picking` | whom and what a form may name |
| `impact` | who depends on these CIs |
| `templates` | standard work approved beforehand |
| `freezing` | the calendar of freezes |
| `unverified` | lines nobody saw in time after the work |
| `listed` | many changes as a CSV list |
| `foreign` | a change of another system → a change here, taken once |
| `following` | where it stands there ↔ here: whose word there is a word here, and the next step |
| `things` | which CI another system means |

What may be done, by whom and when, is none of this: `collector.change` says so.
"""
