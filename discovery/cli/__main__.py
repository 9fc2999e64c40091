"""`python -m discovery.cli`: the same as `muster-discover`."""

from __future__ import annotations

from discovery.cli import main

main()
