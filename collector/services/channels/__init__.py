"""Channels: ways by which incidents reach people and other systems.

| file | one thing |
|---|---|
| `setup` | what people say of a channel: checked, kept, its secret sealed for its address; how each fares |
| `builtin` | the one channel the collector's own settings name |
| `directory` | the channels in use, for who carries |
| `trying` | a message that only tries whether a channel works |
| `alarms` | a channel that does not work is an incident, told by the others |
| `reconciling` | tickets of other systems held against our incidents |
| `hearing` | what people said in PagerDuty, heard here |
| `resolving` | what was resolved in another system, resolved here |
| `tending` | what the clock has to do with channels |
"""
