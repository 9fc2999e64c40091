"""Change control: what people approved, held against what moved. Pure functions of values, without store or clock.

| file | one thing |
|---|---|
| `record` | a change as it is written down: request, plan with its lines, words of those who decide; content hashes |
| `expected` | what a value is expected to be, and whether a value is that |
| `approval` | whose words a change needs, in which order, and when it had them |
| `epoch` | did the world move, or our view of it? |
| `item` | one thing that moved, with its bracket |
| `evidence` | late sights and traces that narrow a bracket and name an actor |
| `covering` | does this change cover this item? weighed by scope, window, approval and value |
| `matching` | one item × its candidate changes → a judgement, with why each other candidate was refused |
| `sighting` | which steps were seen often enough, which wait, which were taken back at once |
| `track` | the steps of one value through windows, reverts, acceptances: its items, and what is authorised after them |
| `authorised` | the authorised value of a path while its track is followed, and each move with its basis |
| `verification` | each line of a change as an expectation, and whether the change may close |
| `flow` | which steps there are in which state and who does them: a table a type |
| `lifecycle` | whether this person may do this step now, and what it makes of the change |
| `freeze` | times in which nothing but emergencies is done |
| `batching` | what makes two differences the same; one delta on many CIs |
| `flapping` | what goes to and fro, and what could be done about it |
| `noise` | how often findings were dismissed, and where that calls for a review |

The seam. For every CI on which a controlled value moved (`drift.compare` says so), on which an item is open, or
which stands in a change that moved, the pipeline fetches

* the steps of each such path in every lane since the authorised value last moved, with how often the new value was
  seen, and that authorised value (lanes `claim` and `auth`, values as `drift.controlled` leaves them);
* the candidate changes: those with a line on the CI whose window lies within `covering.Margins.span_ms` of a bracket,
  and all emergencies recorded within it; with their words as known now;
* the traces on the CI (made of the `Event`s of a device, of logs of packages and logins) and the late observations
  within the brackets;
* the acceptances of its items;

calls `evidence.narrowed` on the steps and `track.follow` on each path, and writes what that returns: judgements to the
items of findings (`filing.file` says which items are one finding, `batching.campaigns` which findings are one
campaign), moves to the `auth` lane with basis and reference. It calls again at each `due_at` a judgement names, so
nothing waits silently. What `follow` returns depends on nothing but its arguments: the past can be judged anew, with
other changes or other margins, by the same call.
"""
