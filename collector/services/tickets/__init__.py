"""Systems whose changes are taken over: set up by people, looked at when asked or by the clock.

| file | one thing |
|---|---|
| `systems` | what people say of a system, checked and kept; its secret goes in and never comes back |
| `office` | one look at a system: what was made of its changes, what was not taken and why |
| `puller` | looks by the clock at the systems that ask for it |

What a change there becomes here is `collector.services.changes.foreign`'s.
"""
