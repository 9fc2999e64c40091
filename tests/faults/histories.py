"""Random histories of incidents, and a random fault for every request about each: a function of a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from collector.model import Delivery
from collector.wording import time_text
from tests.faults.unreliable import FAULTS

BEGAN = 1_768_464_000_000


@dataclass
class Histories:
    """What happens to so many incidents, and which part of the requests goes wrong."""

    seed: int
    count: int
    troubles: float = 0.35

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self.events = {f"INC-{number:06d}": self._events() for number in range(1, self.count + 1)}
        self.is_troubled = True

    def _events(self) -> list[str]:
        found = ["opened"]
        for _ in range(self._chance.randrange(3)):
            found += [self._chance.choice(("updated", "commented", "acknowledged", "warned", "escalated"))]
        if self._chance.random() < 0.8:
            found.append("resolved")
            if self._chance.random() < 0.3:
                found += ["reopened", "resolved"] if self._chance.random() < 0.6 else ["reopened"]
        return found

    def draw(self, _target: str) -> str:
        """Return what goes wrong with the next request."""
        if not self.is_troubled or self._chance.random() >= self.troubles:
            return ""
        return self._chance.choice(FAULTS if self._chance.random() < 0.2 else FAULTS[:-2])

    def written(self) -> list[tuple[str, int]]:
        """Return (number, place) of all events: in order for each incident, mixed among them."""
        waiting = dict.fromkeys(self.events, 0)
        order = []
        while waiting:
            number = self._chance.choice(list(waiting)) if len(waiting) < 50 else next(iter(waiting))
            order.append((number, waiting[number]))
            waiting[number] += 1
            if waiting[number] == len(self.events[number]):
                del waiting[number]
        return order

    def is_over(self, number: str) -> bool:
        return self.events[number][-1] == "resolved"


def message(number: str, place: int, event: str, destination: str) -> Delivery:
    """Return the message of one event, as telling makes it."""
    incident = {
        "number": number, "state": "new", "severity": "error", "priority": "P3", "kind": "alert",
        "source": "monitoring", "category": "disk", "site": "", "line": 1, "assignee": "", "causes": 1,
        "title": {"zh": "磁盘将满", "en": "Disk is filling up"}, "detail": {}, "opened_at": time_text(BEGAN),
        "resolved_at": time_text(BEGAN + 1000) if event == "resolved" else None,
    }  # fmt: skip
    key = f"incident|{number}|{event}@{BEGAN + place}"
    return Delivery(key, destination, {"event": event, "at": time_text(BEGAN), "said": "", "incident": incident})
