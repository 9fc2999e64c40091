"""Delivery: what the outbox holds → the destinations people work in. One module a kind of destination."""

from __future__ import annotations

from typing import Protocol

from collector.model import Delivery


class BadDestination(ValueError):
    """A destination that can never be delivered to; the message says what is wrong with its settings."""


class DeliveryFailed(Exception):
    """The destination did not take a delivery, or it cannot be known that it did."""


class Destination(Protocol):
    """Takes one delivery; returns once the other side has it for sure; raises `DeliveryFailed` otherwise.

    It may be called again with the same `delivery.key`, for instance after a crash, and passes that key on, so that
    the other side can tell.
    """

    async def __call__(self, delivery: Delivery) -> None: ...
