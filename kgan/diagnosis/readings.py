"""What a running game shows of itself: cheap numbers, read now and then, that tell illnesses apart.

Distances are divided by the mean distance of real samples from each other, so that they mean the
same for any data. Logits have a scale of their own: they are log-odds, or have a margin of 1. Those
of a Wasserstein critic have the scale of the data, and are divided by that distance too.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from kgan import losses
from kgan.diagnosis import clusters, exams, tensors
from kgan.game import noise, players
from kgan.game.critic import Critic
from kgan.metrics import distances

__all__ = ["OF_AVERAGE", "Probe", "Reading", "most_samples"]

# How many samples of each kind are looked at, and how many of them for gradients of the players,
# which cost the most.
NUM_SAMPLES, NUM_OF_GRADIENTS = 96, 8
# The averaged generator, which changes slowly, is looked at in every fourth reading.
OF_AVERAGE = 4
# Of so many training samples the nearest one is looked for: to memorize twice as many takes very
# long. They hold so many numbers at most, 64 MB.
MOST_NEIGHBORS, MOST_NUMBERS = 2000, 2**24
# A cluster is missing where samples have less than this part of the share that real ones have.
RARE = 0.1


class Reading(NamedTuple):
    """What a probe has read; a number that cannot be known is NaN.

    "The samples" are those of the present generator, not of the averaged one, unless stated.

    Args:
        step: how many steps the game had been played.
        real_logit, held_out_logit, fake_logit: D's mean logits for training samples, for held-out
            ones and for the samples.
        real_accuracy: the share of training samples that D takes for real, its logit above 0.
        logit_spread: the standard deviation of D's logits for training samples.
        auc: how often D rates a training sample above a generated one, in [0, 1].
        held_out_auc: likewise a held-out one.
        slope: by how much D's logit changes over the mean distance of real samples, at eight of
            the samples.
        push: by how much G's loss changes with D's logit, |∂L_G/∂D(G(z))|; at most 1 for
            cross-entropy, 0 where the loss is flat.
        generator_gradient, discriminator_gradient: the Euclidean norms of both players' gradients
            on eight samples, without penalties.
        variety: the mean distance of the samples from each other; real ones have 1.
        nearest: their median distance to the nearest other one; real ones have 1.
        shift: how far the mean of the samples is from that of training data.
        distance: the energy distance (Székely and Rizzo 2013) of the samples to training data.
        missing: the share of the training data that lies in clusters with hardly any sample.
        averaged_distance, averaged_missing: likewise, of samples of the averaged generator, when it
            was looked at last.
        drift: how far a sample has moved since the last reading, in the mean.
        saturated: the share of numbers of the samples at the ends of their range (|x| > 0.999),
            less that of real data.
        label_margin: how often D rates a real sample higher with its own label than with another.
        label_effect: how far another label moves a sample, over how far other latents do.
        memorization: the median distance of samples of the averaged generator to training data,
            over that of held-out data; plus two standard errors, since for points it is inexact.
            It looks at 2,000 training samples: copies of 4,000 or more go unnoticed.
    """

    step: int
    real_logit: float = math.nan
    held_out_logit: float = math.nan
    fake_logit: float = math.nan
    real_accuracy: float = math.nan
    logit_spread: float = math.nan
    auc: float = math.nan
    held_out_auc: float = math.nan
    slope: float = math.nan
    push: float = math.nan
    generator_gradient: float = math.nan
    discriminator_gradient: float = math.nan
    variety: float = math.nan
    nearest: float = math.nan
    shift: float = math.nan
    distance: float = math.nan
    missing: float = math.nan
    averaged_distance: float = math.nan
    averaged_missing: float = math.nan
    drift: float = math.nan
    saturated: float = math.nan
    label_margin: float = math.nan
    label_effect: float = math.nan
    memorization: float = math.nan

    @property
    def is_finite(self) -> bool:
        """Whether D's logits, the samples and both gradients are finite."""
        found = self.real_logit, self.fake_logit, self.variety, self.slope
        return all(map(math.isfinite, (*found, *self.gradients)))

    @property
    def gradients(self) -> tuple[float, float]:
        """The norms of both players' gradients."""
        return self.generator_gradient, self.discriminator_gradient


class Probe:
    """Reads a game; it changes nothing of it.

    D and both generators are asked as for inference, about the same samples and latents each time,
    so that two readings differ by what has been learned alone.

    Args:
        gan: a compiled `kgan.GAN`.
        training: `(samples, labels)` of what it is trained on, at least 2; labels may be None.
        held_out: likewise of what nobody trains on; None for none.
        seed: of which of them, and of the latents.
    """

    def __init__(self, gan: Any, training: Any, held_out: Any = None, seed: int = 0) -> None:
        self._gan = gan
        random = np.random.default_rng(seed)
        order = random.permutation(len(training[0]))
        packs = max(1, min(NUM_SAMPLES, len(order)) // gan.packing)
        self._number = packs * gan.packing
        self._real = _chosen(training, np.resize(order, self._number))
        self._others = None
        if held_out is not None and len(held_out[0]):
            some = random.permutation(len(held_out[0]))
            self._others = _chosen(held_out, np.resize(some, self._number))
        shape = training[0].shape[1:]
        self._neighbors = tensors.flat(training[0][order[: most_samples(shape)]])
        self._usual = None
        if self._others is not None:
            self._usual = _nearest(tensors.flat(self._others[0]), self._neighbors)
        real = tensors.flat(self._real[0])
        self._center = tf.reduce_mean(real, axis=0)  # Far from 0, distances would be inexact.
        real -= self._center
        self.unit = max(float(tf.reduce_mean(tensors.from_others(real))), 1e-12)
        is_critic = isinstance(gan.loss, losses.Wasserstein)
        self._logit_unit = self.unit if is_critic else 1.0
        self._usual_nearest = max(_median(tensors.nearest_other(real)), 1e-12)
        self._range_share = float(np.mean(np.abs(self._real[0]) > 0.999))
        self._clusters = clusters.Clusters(self._neighbors, self.unit, seed)
        shape = self._number, gan.latent_dim
        self._latents = noise.latents(gan.latent_distribution, shape, [seed, 0])
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
        inputs = self._latents, self._real[1]
        samples = tensors.flat(players.play(self._gan.averaged_generator, *inputs, training=False))
        around = samples - self._center
        return self._energy(around, tensors.from_others(around)), samples

    def _measured(self) -> tuple[dict[str, Any], Any]:
        """What is measured in a graph: numbers, and the samples, flattened."""
        gan = self._gan
        samples = players.play(gan.generator, self._latents, self._real[1], training=False)
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
        samples = tensors.flat(samples)
        return found | self._of_gradients() | self._of_samples(samples), samples

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
        ends = tf.reduce_mean(tf.cast(tf.abs(samples) > 0.999, "float32")) - self._range_share
        samples -= self._center
        own = tensors.from_others(samples)
        shift = tf.norm(tf.reduce_mean(samples, 0))
        nearest = tensors.nearest_other(samples)
        middle = tf.sort(nearest)[self._number // 2]
        return {
            "variety": tf.reduce_mean(own) / self.unit,
            "nearest": middle / self._usual_nearest,
            "shift": shift / self.unit,
            "distance": self._energy(samples, own),
            "saturated": ends,
        }

    def _energy(self, samples: Any, own: Any) -> Any:
        across = tf.reduce_mean(
            tensors.distances_of_pairs(samples, tensors.flat(self._real[0]) - self._center)
        )
        return (2 * across - tf.reduce_mean(own)) / self.unit - 1

    def _of_labels(self, samples: Any) -> dict[str, Any]:
        """Whether D and G look at labels."""
        gan = self._gan
        labels = self._real[1]
        other_latents = tf.roll(self._latents, 1, axis=0)
        by_label, by_latents = (
            tf.reduce_mean(
                tf.norm(tensors.flat(players.play(gan.generator, *inputs, False) - samples), axis=1)
            )
            for inputs in ((self._latents, self._wrong(labels)), (other_latents, labels))
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


def _median(values: Any) -> float:
    return float(np.median(values))


def _nearest(samples: np.ndarray, training: np.ndarray) -> np.ndarray:
    """The distances of samples to the nearest training sample."""
    return distances.nearest(samples, training)[1]
