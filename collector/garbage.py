"""Python's collector of cyclic garbage, told what kind of program this is: one that runs for months.

What was loaded by the time it starts will never be garbage, and most of what a batch makes dies by its count of
references; looking at all of it every 700 objects took a tenth of the time an observation costs.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 20_000
"""Objects made, less those gone, between two looks at the young; some megabytes at most."""


def wait() -> None:
    """Look at nothing until `settle`: hardly anything becomes garbage while a program loads, an eighth of its start."""
    gc.disable()


def settle() -> None:
    """Leave what there is alone from now on, and look at what comes less often."""
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
    gc.enable()
