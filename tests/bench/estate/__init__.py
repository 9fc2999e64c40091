"""An estate over simulated weeks: what was done to it by script, who looked, what people recorded, and how it scores.

| file | one thing |
|---|---|
| `touch` | one value that is moved by hand |
| `world` | things that answer: hosts with an agent, devices a probe sweeps, their faults |
| `deed` | what was done when, and what ought to be held of it |
| `script` | the whole story from a seed: which things, which work, which mishaps |
| `stories` | one function a kind of work, and how often each story happens |
| `mishaps` | what happens beside work: a table of `hardware`, `views`, `silence`, which share `alone` |
| `people` | who does what at the change desk, with cases and with findings |
| `play` | the clock: the real pipeline over a real store, driven through the story |
| `score` | items the collector raised, held against the script |
"""
