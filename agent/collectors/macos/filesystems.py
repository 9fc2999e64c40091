"""Section `filesystems`: what psutil tells."""

from __future__ import annotations

from agent.collectors import portable
from agent.collectors.base import Collector

COLLECTOR = Collector("filesystems", portable.filesystems)
