"""What the theory says about the game, as functions; `demonstrations` show each claim happen."""

from kgan.theory import demonstrations
from kgan.theory.densities import (
    jensen_shannon_divergence,
    optimal_discriminator,
    value_at_optimum,
)
from kgan.theory.equilibrium import DualityGap, duality_gap
from kgan.theory.objective import generator_gradient, implied_divergence, value

__all__ = [
    "DualityGap",
    "demonstrations",
    "duality_gap",
    "generator_gradient",
    "implied_divergence",
    "jensen_shannon_divergence",
    "optimal_discriminator",
    "value",
    "value_at_optimum",
]
