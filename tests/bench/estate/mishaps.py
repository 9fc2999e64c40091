"""Which mishaps there are beside work, and how often each happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.bench.estate import hardware, silence, views
from tests.bench.estate.script import Script

MISHAPS: Mapping[Callable[[Script], None], int] = {
    hardware.board_swap_of_a_host_approved: 4,
    hardware.board_swap_of_a_host: 4,
    hardware.board_swap_of_a_device_approved: 4,
    hardware.board_swap_of_a_device: 4,
    hardware.reimaged_approved: 3,
    hardware.reimaged: 3,
    hardware.reimaged_and_enrolled_anew_approved: 2,
    hardware.reimaged_and_enrolled_anew: 2,
    views.agent_enrolled_anew: 6,
    views.spool_lost: 6,
    views.renumbered_ports: 30,
    silence.off: 30,
    silence.worked_on_before_it_was_off: 10,
    silence.cut_off: 8,
    silence.arrival: 6,
    silence.never_registered: 10,
    views.reader_changed: 2,
    views.moves_by_itself: 100,
}
"""As in `stories.STORIES`."""
