"""The inside of a step: who answers, who learns, what is drawn, what is logged."""

from kgan.game import (
    averaging,
    batches,
    critic,
    logs,
    networks,
    noise,
    players,
    sampling,
    schedules,
)

__all__ = [
    "averaging",
    "batches",
    "critic",
    "logs",
    "networks",
    "noise",
    "players",
    "sampling",
    "schedules",
]
