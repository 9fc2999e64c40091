"""Section `health`: what psutil tells."""

from __future__ import annotations

from agent.collectors import portable
from agent.collectors.base import Collector

COLLECTOR = Collector("health", portable.health, every_s=60)
