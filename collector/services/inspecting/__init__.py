"""Periodic maintenance: every step of it for pages, REST and commands.

| file | one thing |
|---|---|
| `inspector` | what the others need: the rules, the calendar, the templates, and who looks |
| `plans` | plans made, changed, paused; what one would do |
| `runs` | a run made, once a plan and a time, with its report and its incident; looked at again |
| `clockwork`, `keeper` | plans come due by the clock |
| `seen` | a run and where it stands |
| `answers` | what people fill in, photos included |
| `signing`, `cancelling` | signed, reviewed, sent back, added to; called off |
| `finding`, `raising` | which incidents there are for what is wrong; opened, named and told by the signature |
| `reporting` | the report, for every kind of file |
"""
