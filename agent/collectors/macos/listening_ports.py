"""Section `listening_ports`: what psutil tells."""

from __future__ import annotations

from agent.collectors import portable
from agent.collectors.base import Collector

COLLECTOR = Collector("listening_ports", portable.listening_ports, every_s=60)
