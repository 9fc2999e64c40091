"""Stock-takes as people deal with them; pages, REST and commands call the same.

| file | one thing |
|---|---|
| `seen` | a stock-take and where it stands; what is hidden from who counts blind |
| `opening` | the scope frozen, people asked to count |
| `counting` | what somebody says they see |
| `evidence` | photos of what is missing, damaged or found |
| `plans` | rounds that come by themselves: planned, paused, ended; what one would make |
| `making`, `clockwork` | one made for a time, with its incident; plans come due, what is late is told of |
| `cancelling` | called off: the end of one that is not done |
| `leading` | what the end leads to: what is missing is held against changes, what nobody knew is proposed |
| `closing` | the end, with a report that stays as it is; changes proposed for what has moved |

What is in scope, what a scan names and what it all comes to is `collector.stocktake`'s word.
"""
