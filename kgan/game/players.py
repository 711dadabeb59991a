"""What the game needs of a player: its answers, how it learns, its optimizer, a copy of it."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kgan import checks, features


def play(network, samples, labels, training):
    """What `network` answers, in float32 whatever it computes in."""
    inputs = samples if labels is None else [samples, labels]
    return ops.cast(network(inputs, training=training), "float32")


def learn(network, optimizer, tape, objective):
    """One step of `network` down the gradient of `objective`, which `tape` has watched.

    All gradients are there before any weight moves. TensorFlow promises as much for each variable,
    but its graph optimizer takes reads of a bias out of that order where there is a gradient of a
    gradient: a penalty then now and then saw a D that was half updated, and no run was another's
    equal to the last bit.
    """
    weights = network.trainable_weights
    gradients = tape.gradient(objective, weights)
    with tf.control_dependencies([gradient for gradient in gradients if gradient is not None]):
        optimizer.apply_gradients(zip(gradients, weights, strict=True))


def predict(network, inputs, batch_size):
    """What `network` answers to a list of arrays, a batch at a time, as a float32 array."""
    outputs = []
    for start in range(0, len(inputs[0]), batch_size):
        batch = [part[start : start + batch_size] for part in inputs]
        outputs.append(network.predict_on_batch(batch if len(batch) > 1 else batch[0]))
    return np.concatenate(outputs).astype("float32")


def show(metrics, real_images, fake_images, labels):
    """Shows a batch to Keras metrics; gives NaN by the names of their results.

    Keras asks for the results themselves when all batches were seen, outside of any graph.
    """
    with features.shared():
        for metric in metrics:
            asked = {"labels": labels} if getattr(metric, "needs_labels", False) else {}
            metric.update_state(real_images, fake_images, **asked)
    return dict.fromkeys(checks.result_names(metrics), ops.convert_to_tensor(np.nan))


def is_finite(model):
    """Whether all weights of `model` are numbers."""
    return all(np.isfinite(weight.numpy()).all() for weight in model.weights)


def averaged_copy(generator):
    """A copy of `generator`, its weights too, to hold the averages."""
    copy = keras.models.clone_model(generator)
    copy.name = "averaged_generator"
    copy.set_weights(generator.get_weights())
    return copy


def optimizer(identifier, network):
    """The optimizer, built, so that what a file holds of it finds its place."""
    optimizer = keras.optimizers.get(identifier or keras.optimizers.Adam(2e-4, beta_1=0.5))
    wrapped = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if checks.computes_in_float16(network) and not wrapped:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    if not optimizer.built:
        optimizer.build(network.trainable_variables)
    return optimizer
