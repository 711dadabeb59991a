"""How far a game is from its equilibrium."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kgan import checks
from kgan.game import batches, noise, players
from kgan.game.critic import Critic
from kgan.gan import GAN
from kgan.theory.objective import value

__all__ = ["DualityGap", "duality_gap"]


class DualityGap(NamedTuple):
    """How much each player could still gain if the other held still.

    Args:
        gap: `best_discriminator - best_generator`, in nats. At an equilibrium neither can gain, and
            it is 0.
        best_discriminator: V(D', G), with the best D' that was found.
        best_generator: V(D, G'), with the best G' that was found.
    """

    gap: float
    best_discriminator: float
    best_generator: float


def duality_gap(
    gan: GAN,
    dataset: Any,
    *,
    steps: int = 300,
    learning_rate: float = 1e-3,
    num_samples: int = 10_000,
    seed: int = 0,
) -> DualityGap:
    """The duality gap of a game: max over D' of V(D', G) - min over G' of V(D, G').

    Grnarova et al. 2019, https://arxiv.org/abs/1811.05512, section 3; V is twice the M of that
    paper, so this gap is twice theirs. Both extremes are searched for by `steps` of Adam, on
    copies: the GAN itself stays as it is. Neither search reaches its extreme, so the result is a
    lower bound of the gap on this data, up to the sampling error. D' can memorize a small data set:
    give enough data, that the GAN has not seen. Compare gaps of the same number of steps.

    Args:
        gan: a GAN; the players are `gan.generator` and `gan.discriminator`, as they are now.
        dataset: a `tf.data.Dataset` of batches, as `fit` takes it.
        steps: how many steps each copy learns, at least 1.
        learning_rate: of Adam, whose beta_1 is 0.5.
        num_samples: each value is computed from at least so many real samples, in whole batches,
            and from as many generated ones.
        seed: of the latents.

    Returns:
        A `DualityGap`, in nats.

    Raises:
        TypeError: if `dataset` is not a `tf.data.Dataset`.
        ValueError: if the networks cannot play with the data, `steps` or `num_samples` is below 1,
            or the data is empty.

    Example:

    >>> held_out = kgan.datasets.digits("test")
    >>> gan = kgan.GAN(*kgan.architectures.mlp((8, 8, 1), latent_dim=16), seed=0)
    >>> kgan.theory.duality_gap(gan, held_out, steps=5, num_samples=300).gap > 0  # Untrained.
    True
    """
    if not isinstance(dataset, tf.data.Dataset):
        raise TypeError(
            "`dataset` must be a tf.data.Dataset of batches, such as "
            f"kgan.datasets.from_arrays(samples). Received: {type(dataset).__name__}."
        )
    checks.check_positive_integer("steps", steps)
    checks.check_positive_integer("num_samples", num_samples)
    if dataset.cardinality() == 0:
        raise ValueError("`dataset` must hold at least one batch. Received: none.")
    values = []
    for player, other in (("discriminator", "generator"), ("generator", "discriminator")):
        game = _copy(gan, seed)
        optimizers = {
            "generator_optimizer": keras.optimizers.SGD(0.0),  # Who holds still.
            "discriminator_optimizer": keras.optimizers.SGD(0.0),
        }
        optimizers[f"{player}_optimizer"] = keras.optimizers.Adam(learning_rate, beta_1=0.5)
        game.compile(loss="minimax", run_eagerly=steps < EAGER_STEPS, **optimizers)
        game.fit(dataset.repeat(), epochs=1, steps_per_epoch=steps, verbose=0)
        # Who holds still has had batch statistics that move.
        getattr(game, other).set_weights(getattr(gan, other).get_weights())
        values.append(_value(game, dataset, num_samples))
    return DualityGap(values[0] - values[1], *values)


# So few steps take less time than tracing one.
EAGER_STEPS = 20


def _copy(gan, seed):
    """A game of its own, with the same two players."""
    copies = [keras.models.clone_model(player) for player in (gan.generator, gan.discriminator)]
    copies[0].set_weights(gan.generator.get_weights())
    copies[1].set_weights(gan.discriminator.get_weights())
    return GAN(
        *copies,
        latent_distribution=gan.latent_distribution,
        num_classes=gan.num_classes,
        packing=gan.packing,
        ema_decay=None,
        seed=seed,
    )


def _value(game, dataset, num_samples):
    """V(D, G) of samples, in inference."""
    real_logits, fake_logits, number = [], [], 0
    for batch in dataset.repeat():
        images, labels = batches.unpack(batch, game.num_classes)
        seed = (game.seed, number)
        latents = noise.latents(game.latent_distribution, (len(images), game.latent_dim), seed)
        critic = Critic(game.discriminator, labels, packing=game.packing)
        real_logits.append(critic(images).numpy().ravel())
        fakes = players.play(game.generator, latents, labels, training=False)
        fake_logits.append(critic(fakes).numpy().ravel())
        number += len(images)
        if number >= num_samples:
            break
    return value(np.concatenate(real_logits), np.concatenate(fake_logits))
