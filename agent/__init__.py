"""The agent: takes this machine's inventory and ships it. Light: standard library, psutil, grpc, wire."""

__version__ = "0.1.0"
