"""Claims of the theory, each shown by a small game: a figure, and the numbers that it shows.

Each function takes the share of its steps, `length`, and returns a `Demonstration`. With
`tf.config.experimental.enable_op_determinism()` the same machine gives the same numbers. They set
Keras's global random seed. To draw all of them: `kgan theory`.

    demonstration = kgan.theory.demonstrations.figure_1()
    kgan.plots.save("figure_1.png", demonstration.figure)
"""

from kgan.theory.demonstrations.adversarial import adversarial_example
from kgan.theory.demonstrations.convergence import figure_1
from kgan.theory.demonstrations.demonstration import Demonstration
from kgan.theory.demonstrations.dirac import dirac_gan
from kgan.theory.demonstrations.labels import discriminative_and_generative
from kgan.theory.demonstrations.noise import latents
from kgan.theory.demonstrations.optimum import optimal_discriminator, value_of_the_game
from kgan.theory.demonstrations.probing import features_without_labels
from kgan.theory.demonstrations.rest import equilibrium
from kgan.theory.demonstrations.saturation import saturation
from kgan.theory.demonstrations.steps import discriminator_steps

__all__ = [
    "ALL",
    "Demonstration",
    "adversarial_example",
    "dirac_gan",
    "discriminative_and_generative",
    "discriminator_steps",
    "equilibrium",
    "features_without_labels",
    "figure_1",
    "latents",
    "optimal_discriminator",
    "saturation",
    "value_of_the_game",
]

ALL = {
    "figure_1": figure_1,
    "optimal_discriminator": optimal_discriminator,
    "value_of_the_game": value_of_the_game,
    "equilibrium": equilibrium,
    "saturation": saturation,
    "discriminator_steps": discriminator_steps,
    "latents": latents,
    "dirac_gan": dirac_gan,
    "discriminative_and_generative": discriminative_and_generative,
    "adversarial_example": adversarial_example,
    "features_without_labels": features_without_labels,
}
"""The demonstrations, in the order of an explanation."""
