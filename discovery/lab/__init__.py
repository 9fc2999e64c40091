"""A simulated estate: devices that answer over real UDP and SSH, one a loopback address; for demo, tests, benchmarks.

async with Lab(devices, Doors(port=1161)) as lab:
    …                                    # sweep 127.64.0.0/16, port 1161
    lab.devices["127.64.0.1"].reboot()
"""

from __future__ import annotations

from discovery.lab.device import Device
from discovery.lab.running import Doors, Lab

__all__ = ["Device", "Doors", "Lab"]
