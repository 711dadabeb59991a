"""Reads a running game now and then: what D says, and how the samples compare with the data."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kgan import losses
from kgan.diagnosis import clusters, exams, tensors
from kgan.diagnosis.readings import Reading
from kgan.game import noise, players
from kgan.game.critic import Critic
from kgan.metrics import distances

__all__ = ["OF_AVERAGE", "Probe", "most_samples"]

# How many samples of each kind D is asked about, and how many of them for gradients of the players,
# which cost the most.
NUM_SAMPLES, NUM_OF_GRADIENTS = 96, 8
# For the distances G draws more where they are small, so many numbers in all, and they are compared
# with more training samples.
MOST_DRAWN, NUMBERS_DRAWN, NUM_COMPARED = 480, 75_000, 500
# The averaged generator, which changes slowly, is looked at in every fourth reading.
OF_AVERAGE = 4
# Of so many training samples the nearest one is looked for: to memorize twice as many takes very
# long. They hold so many numbers at most, 64 MB.
MOST_NEIGHBORS, MOST_NUMBERS = 2000, 2**24
# A cluster is missing where samples have less than this part of the share that real ones have.
RARE = 0.1


class Probe:
    """Reads a game; it changes nothing of it.

    D and both generators are asked as for inference, about the same samples and latents each time,
    so that two readings differ by what has been learned alone.

    Args:
        gan: a compiled `kgan.GAN`.
        training: `(samples, labels)` of what it is trained on, at least 2; labels may be None.
        held_out: likewise of what nobody trains on; None for none.
        seed: of which of them, and of the latents.

    Attributes:
        unit: the mean distance of training samples from each other.
        held_out_distance: the energy distance of held-out to training data; 0 without it.
        held_out_variety: the mean distance of held-out samples from each other, over `unit`; 1
            without them.
    """

    def __init__(self, gan: Any, training: Any, held_out: Any = None, seed: int = 0) -> None:
        self._gan = gan
        random = np.random.default_rng(seed)
        order = random.permutation(len(training[0]))
        shape = training[0].shape[1:]
        packs = max(1, min(NUM_SAMPLES, len(order)) // gan.packing)
        self._number = packs * gan.packing
        self._real = _chosen(training, np.resize(order, self._number))
        drawn = max(self._number, min(MOST_DRAWN, NUMBERS_DRAWN // math.prod(shape)))
        _, self._labels = _chosen(training, np.resize(order, drawn))
        self._others = None
        if held_out is not None and len(held_out[0]):
            some = random.permutation(len(held_out[0]))
            self._others = _chosen(held_out, np.resize(some, self._number))
        self._neighbors = tensors.flat(training[0][order[: most_samples(shape)]])
        self._usual = None
        if self._others is not None:
            self._usual = _nearest(tensors.flat(self._others[0]), self._neighbors)
        real = tf.constant(self._neighbors[:NUM_COMPARED])
        self._center = tf.reduce_mean(real, axis=0)  # Far from 0, distances would be inexact.
        self._compared = real - self._center
        self.unit = max(float(tf.reduce_mean(tensors.from_others(self._compared))), 1e-12)
        self.held_out_distance, self.held_out_variety = 0.0, 1.0
        if self._others is not None:
            found = self._of_samples(tensors.flat(self._others[0]))
            self.held_out_distance, self.held_out_variety = (
                float(found[name]) for name in ("distance", "variety")
            )
        is_critic = isinstance(gan.loss, losses.Wasserstein)
        self._logit_unit = self.unit if is_critic else 1.0
        self._clusters = clusters.Clusters(self._neighbors, self.unit, seed)
        self._latents = noise.latents(gan.latent_distribution, (drawn, gan.latent_dim), [seed, 0])
        self._before: np.ndarray | None = None
        self._of_average: dict[str, float] = {}
        # Keras does not convert what it trains either, and to convert this takes a second.
        self._measure = tf.function(self._measured, autograph=False)
        self._measure_average = tf.function(self._measured_average, autograph=False)

    def read(self, with_average: bool = True) -> Reading:
        """Reads the game as it is now.

        Args:
            with_average: whether the averaged generator is looked at, too; otherwise what was read
                of it before is repeated.
        """
        values, samples = _of_one_replica(self._measure)
        found = {name: float(value) for name, value in values.items()}
        samples = samples.numpy()
        found["missing"] = self._clusters.missing(samples, RARE)
        if self._before is not None and self._before.shape == samples.shape:
            moved = np.linalg.norm(samples - self._before, axis=1).mean()
            found["drift"] = float(moved) / self.unit
        self._before = samples
        if with_average:
            self._of_average = self._read_average()
        return Reading(int(self._gan.step.numpy()), **found, **self._of_average)

    def get_state(self) -> dict[str, Any]:
        """What the next reading depends on, besides the game."""
        return {"before": self._before, "of_average": self._of_average}

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes what `get_state` returned."""
        self._before, self._of_average = state["before"], state["of_average"]

    def _read_average(self) -> dict[str, float]:
        distance, samples = _of_one_replica(self._measure_average)
        samples = samples.numpy()
        missing = self._clusters.missing(samples, RARE)
        found = {"averaged_distance": float(distance), "averaged_missing": missing}
        if self._usual is not None and np.isfinite(samples).all():
            near = _nearest(samples, self._neighbors)
            ratio, error = exams.ratio_of_medians(near, self._usual)
            found["memorization"] = ratio + exams.NUM_ERRORS * error
        return found

    def _measured_average(self) -> tuple[Any, Any]:
        """The distance of the averaged generator's samples, and these, flattened."""
        inputs = self._latents, self._labels
        samples = tensors.flat(players.play(self._gan.averaged_generator, *inputs, training=False))
        return self._of_samples(samples)["distance"], samples

    def _measured(self) -> tuple[dict[str, Any], Any]:
        """What is measured in a graph: numbers, and the samples, flattened."""
        gan = self._gan
        drawn = players.play(gan.generator, self._latents, self._labels, training=False)
        samples = drawn[: self._number]
        real_logits, fake_logits, *other_logits = self._logits(samples)
        with tf.GradientTape() as tape:
            tape.watch(fake_logits)
            loss = self._generator_loss(real_logits, fake_logits)
        found = {
            "real_logit": tf.reduce_mean(real_logits) / self._logit_unit,
            "fake_logit": tf.reduce_mean(fake_logits) / self._logit_unit,
            "real_accuracy": tf.reduce_mean((1 + tf.sign(tensors.by_sample(real_logits))) / 2),
            "logit_spread": tf.math.reduce_std(tensors.by_sample(real_logits)) / self._logit_unit,
            "auc": tensors.auc(real_logits, fake_logits),
            "push": tf.reduce_sum(tf.abs(tape.gradient(loss, fake_logits))),
        }
        for others in other_logits:
            found["held_out_logit"] = tf.reduce_mean(others) / self._logit_unit
            found["held_out_auc"] = tensors.auc(others, fake_logits)
        if (gan.num_classes or 0) > 1:
            found |= self._of_labels(samples)
        drawn = tensors.flat(drawn)
        return found | self._of_gradients() | self._of_samples(drawn), drawn

    def _logits(self, samples: Any) -> list[Any]:
        """D's logits for training samples, for generated ones and, if any, for held-out ones."""
        seen = [self._real, (samples, self._real[1]), *([self._others] if self._others else [])]
        return [self._critic(labels)(images) for images, labels in seen]

    def _generator_loss(self, real_logits: Any, fake_logits: Any) -> Any:
        loss = self._gan.loss
        seen = real_logits if loss.generator_sees_real else None
        return tf.reduce_mean(loss.generator_loss(seen, fake_logits))

    def _of_gradients(self) -> dict[str, Any]:
        """How steep D is, and the norms of both players' gradients, on a few samples."""
        gan = self._gan
        some = slice(max(1, NUM_OF_GRADIENTS // gan.packing) * gan.packing)
        labels = None if self._real[1] is None else self._real[1][some]
        with tf.GradientTape(persistent=True) as tape:
            samples = players.play(gan.generator, self._latents[some], labels, training=False)
            critic = self._critic(labels)
            logits = critic(self._real[0][some]), critic(samples)
            total = tf.reduce_sum(logits[1])
            generator_loss = self._generator_loss(*logits)
            discriminator_loss = tf.reduce_mean(gan.loss.discriminator_loss(*logits))
        slopes = tf.norm(tensors.flat(tape.gradient(total, samples)), axis=1)
        return {
            "slope": self.unit / self._logit_unit * tf.reduce_mean(slopes),
            "generator_gradient": tensors.norm(tape, generator_loss, gan.generator),
            "discriminator_gradient": tensors.norm(tape, discriminator_loss, gan.discriminator),
        }

    def _of_samples(self, samples: Any) -> dict[str, Any]:
        samples -= self._center
        own = tf.reduce_mean(tensors.from_others(samples)) / self.unit
        across = tf.reduce_mean(tensors.distances_of_pairs(samples, self._compared)) / self.unit
        return {"variety": own, "distance": 2 * across - own - 1}

    def _of_labels(self, samples: Any) -> dict[str, Any]:
        """Whether D and G look at labels."""
        gan = self._gan
        labels, latents = self._real[1], self._latents[: self._number]
        other_latents = tf.roll(latents, 1, axis=0)
        by_label, by_latents = (
            tf.reduce_mean(
                tf.norm(tensors.flat(players.play(gan.generator, *inputs, False) - samples), axis=1)
            )
            for inputs in ((latents, self._wrong(labels)), (other_latents, labels))
        )
        images, right = self._others or self._real
        margins = self._critic(right)(images) - self._critic(self._wrong(right))(images)
        return {
            "label_margin": tf.reduce_mean((1 + tf.sign(tensors.by_sample(margins))) / 2),
            "label_effect": by_label / tf.maximum(by_latents, 1e-12),
        }

    def _wrong(self, labels: Any) -> Any:
        """Of each label another one."""
        number = self._gan.num_classes
        return (labels + 1 + tf.range(self._number) % (number - 1)) % number

    def _critic(self, labels: Any) -> Critic:
        return Critic(self._gan.discriminator, labels, packing=self._gan.packing)


def most_samples(shape: Sequence[int]) -> int:
    """How many training samples of this shape a probe looks at, at most."""
    return max(NUM_SAMPLES, min(MOST_NEIGHBORS, MOST_NUMBERS // math.prod(shape)))


def _of_one_replica(measure: Callable[[], Any]) -> Any:
    """What `measure` returns; within the scope of a strategy, on its first replica here."""
    if not tf.distribute.in_cross_replica_context():
        return measure()
    strategy = tf.distribute.get_strategy()
    found = strategy.run(measure)
    return tf.nest.map_structure(lambda one: strategy.experimental_local_results(one)[0], found)


def _chosen(data: Any, rows: np.ndarray) -> tuple[Any, Any]:
    """These rows of samples and of labels, or None, as tensors."""
    samples, labels = data
    chosen = None if labels is None else tf.constant(np.asarray(labels)[rows], "int32")
    return tf.constant(np.asarray(samples)[rows], "float32"), chosen


def _nearest(samples: np.ndarray, training: np.ndarray) -> np.ndarray:
    """The distances of samples to the nearest training sample."""
    return distances.nearest(samples, training)[1]
