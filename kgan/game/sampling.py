"""Drawing samples, and asking the discriminator about samples, outside of training."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan.game import noise
from kgan.game.critic import packed

__all__ = ["discriminate", "generate", "predict"]


def generate(
    gan: Any,
    num_samples: int | None,
    labels: Any,
    seed: int | None,
    seeds: Sequence[int] | None,
    truncation: float | None,
    batch_size: int,
) -> Any:
    """Samples of the averaged generator, as `GAN.generate` describes."""
    if seeds is not None:
        blocks = [(one, 1) for one in seeds]
    else:
        blocks = [(noise.random_seed() if seed is None else seed, num_samples or 0)]
    inputs = [noise.latent_blocks(gan.latent_distribution, gan.latent_dim, blocks, truncation)]
    if gan.num_classes and labels is None:
        inputs.append(noise.label_blocks(gan.class_counts, blocks))
    elif gan.num_classes:
        inputs.append(np.broadcast_to(labels, len(inputs[0])).astype("int32"))
    samples = predict(gan.averaged_generator, inputs, batch_size)
    return (samples, inputs[1]) if gan.num_classes and labels is None else samples


def discriminate(gan: Any, samples: Any, labels: Any, batch_size: int) -> np.ndarray:
    """D(x) of samples, as `GAN.discriminate` describes."""
    samples = packed(samples, gan.packing)
    inputs = [samples] if labels is None else [samples, labels]
    logits = predict(gan.discriminator, inputs, batch_size)
    probabilities = ops.convert_to_numpy(gan.loss.probability(logits))
    return probabilities.reshape(len(logits), -1).mean(axis=1)


def predict(network: keras.Model, inputs: Sequence[Any], batch_size: int) -> np.ndarray:
    """What `network` answers to a list of arrays, computed in batches, as a float32 array."""
    outputs = []
    for start in range(0, len(inputs[0]), batch_size):
        batch = [part[start : start + batch_size] for part in inputs]
        inputs_of_batch = batch if len(batch) > 1 else batch[0]
        if network.distribute_strategy.num_replicas_in_sync > 1:
            # Keras would have every replica compute all of it, and join their answers.
            outputs.append(network(inputs_of_batch, training=False))
        else:
            outputs.append(network.predict_on_batch(inputs_of_batch))
    return np.concatenate(outputs).astype("float32")
