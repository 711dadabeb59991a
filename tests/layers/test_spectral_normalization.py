import contextlib

import keras
import numpy as np
import players
import pytest
import replicated
import tensorflow as tf
from keras import layers, ops

import kgan
from kgan.layers import SpectralNormalization


class Convolutions(layers.Layer):
    """A layer with layers, and a kernel of its own."""

    def build(self, input_shape):
        self.up = layers.Conv2DTranspose(4, 3)
        self.up.build(input_shape)
        self.kernel = self.add_weight(shape=(4, 5), initializer="glorot_uniform", name="kernel")

    def call(self, inputs):
        return self.up(inputs) @ self.kernel


def largest(matrix):
    return np.linalg.svd(matrix, compute_uv=False)[0]


def rows(kernel):
    """As a matrix with one column per output."""
    return np.reshape(kernel, (-1, np.shape(kernel)[-1]))


def swapped(kernel):
    """Of a transposed convolution."""
    return rows(np.swapaxes(kernel, -1, -2))


def blocks(kernel, groups):
    """Of a convolution with groups: the kernel of the one without, which has zeros elsewhere."""
    *taps, inputs, outputs = np.shape(kernel)
    whole = np.zeros((*taps, groups, inputs, outputs))
    for group in range(groups):
        own = slice(group * outputs // groups, (group + 1) * outputs // groups)
        whole[..., group, :, own] = np.asarray(kernel)[..., own]
    return rows(whole)


def depthwise(kernel):
    *taps, inputs, times = np.shape(kernel)
    return blocks(np.reshape(kernel, (*taps, 1, inputs * times)), inputs)


IMAGES = (2, 5, 5, 4)
CASES = {
    "dense": (layers.Dense(3), (2, 4), [rows]),
    "convolution": (layers.Conv2D(6, 3), IMAGES, [rows]),
    "convolution with groups": (layers.Conv2D(6, 3, groups=2), IMAGES, [lambda k: blocks(k, 2)]),
    "transposed convolution": (layers.Conv2DTranspose(3, 4, 2), IMAGES, [swapped]),
    "embedding": (layers.Embedding(7, 3), (5,), [rows]),
    "depthwise convolution": (
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        IMAGES,
        [depthwise],
    ),
    "separable convolution": (layers.SeparableConv2D(3, 2), IMAGES, [depthwise, rows]),
    "layers within a layer": (Convolutions(), IMAGES, [rows, swapped]),
}


def inputs(shape):
    random = np.random.default_rng(0)
    if len(shape) == 1:
        return random.integers(0, 7, shape)
    return random.normal(size=shape).astype("float32")


def updated(layer, times=150):
    step = tf.function(layer.begin_update)
    for _ in range(times):
        step()
    return layer


def vectors(layer):
    return [np.asarray(weight) for weight in layer.non_trainable_weights]


@pytest.mark.parametrize("name", CASES)
def test_each_kernel_is_divided_by_its_largest_singular_value(name):
    config, shape, matrices = CASES[name]
    plain = type(config).from_config(config.get_config())  # Without the weights of another test.
    x = inputs(shape)
    layer = SpectralNormalization(plain)
    layer.build(shape)
    kernels = [weight for weight in plain.weights if len(weight.shape) > 1]
    sigmas = [largest(of(kernel)) for of, kernel in zip(matrices, kernels, strict=True)]
    updated(layer)
    np.testing.assert_allclose(layer(x) * np.prod(sigmas), plain(x), rtol=2e-3, atol=1e-4)


def test_the_singular_value_is_nearly_right_from_the_start():
    layer = SpectralNormalization(layers.Dense(64, use_bias=False))
    layer.build((None, 256))
    sigma = largest(layer(np.eye(256, dtype="float32")))
    assert 1 <= sigma < 1.1


def test_the_gradient_flows_through_the_singular_value():
    layer = SpectralNormalization(layers.Dense(3, use_bias=False))
    layer.build((None, 4))
    updated(layer)
    (kernel,) = layer.trainable_weights
    x, weights = inputs((5, 4)), inputs((5, 3))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) * weights)
    found = tape.gradient(loss, kernel.value)
    left, values, right = np.linalg.svd(kernel.numpy())
    normalized, plain = kernel.numpy() / values[0], x.T @ weights
    through_sigma = (plain * normalized).sum() * np.outer(left[:, 0], right[0])
    np.testing.assert_allclose(found, (plain - through_sigma) / values[0], rtol=1e-3, atol=1e-4)


def test_an_update_makes_one_step_of_the_power_iteration_and_calls_make_none():
    layer = SpectralNormalization(layers.Dense(3, use_bias=False))
    layer.build((None, 4))
    kernel = layer.layer.kernel
    kernel.assign(inputs((4, 3)))
    u, _ = vectors(layer)
    v = kernel.numpy() @ u[0]
    v /= np.linalg.norm(v)
    u = v @ kernel.numpy()
    u /= np.linalg.norm(u)
    layer.begin_update()
    for found, expected in zip(vectors(layer), (u, v), strict=True):
        np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    before = vectors(layer)
    for training in (True, False):
        tf.function(layer)(inputs((2, 4)), training=training)
    np.testing.assert_array_equal(np.hstack(vectors(layer)), np.hstack(before))


def test_without_a_game_each_training_call_is_an_update():
    layer, other = (SpectralNormalization(layers.Dense(3), seed=0) for _ in range(2))
    for one in (layer, other):
        one.build((None, 4))
    layer.layer.kernel.assign(inputs((4, 3)))
    other.set_weights(layer.get_weights())
    before = vectors(layer)
    layer(inputs((2, 4)))
    layer(inputs((2, 4)), training=False)
    np.testing.assert_array_equal(np.hstack(vectors(layer)), np.hstack(before))
    layer(inputs((2, 4)), training=True)
    other.begin_update()
    assert not np.array_equal(vectors(layer)[0], before[0])
    np.testing.assert_array_equal(np.hstack(vectors(layer)), np.hstack(vectors(other)))


def test_a_game_moves_it_once_per_update_of_the_discriminator():
    latents, images = keras.Input((4,)), keras.Input((8, 8, 1))
    x = layers.Reshape((8, 8, 1))(layers.Dense(64, activation="tanh")(latents))
    layer = SpectralNormalization(layers.Dense(1))
    hidden = SpectralNormalization(layers.Dense(8, activation="relu"))
    logits = layer(hidden(layers.Flatten()(images)))
    gan = kgan.GAN(
        keras.Model(latents, x), keras.Model(images, logits), seed=0, discriminator_steps=2
    )
    still = [keras.optimizers.SGD(0.0) for _ in range(2)]
    gan.compile(*still, loss="hinge", penalties=["wasserstein_gradient_penalty"])
    expected = SpectralNormalization(layers.Dense(8))
    expected.build((None, 64))
    expected.set_weights(hidden.get_weights())
    gan.fit(players.dataset(), steps_per_epoch=2, verbose=0)
    for _ in range(4):
        expected.begin_update()
    np.testing.assert_allclose(
        np.hstack(vectors(hidden)), np.hstack(vectors(expected)), rtol=1e-4, atol=1e-6
    )
    expected.begin_update()
    assert np.abs(np.hstack(vectors(hidden)) - np.hstack(vectors(expected))).max() > 1e-3


def test_the_start_follows_the_seed():
    kernel = keras.initializers.RandomNormal(seed=0)

    def first(seed, of_keras):
        keras.utils.set_random_seed(of_keras)
        layer = SpectralNormalization(layers.Dense(30, kernel_initializer=kernel), seed)
        layer.build((None, 40))
        return vectors(layer)[0]

    np.testing.assert_array_equal(first(None, 1), first(None, 1))
    np.testing.assert_array_equal(first(5, 1), first(5, 2))
    assert not np.array_equal(first(None, 1), first(None, 2))


def test_a_kernel_of_zeros_stays_and_recovers():
    layer = SpectralNormalization(layers.Dense(3, kernel_initializer="zeros"))
    layer.build((None, 4))
    layer.begin_update()
    assert not np.asarray(layer(inputs((2, 4)))).any()
    layer.layer.kernel.assign(1e-3 * inputs((4, 3)))
    updated(layer)
    assert largest(layer(np.eye(4, dtype="float32"))) == pytest.approx(1, rel=1e-3)


def test_the_largest_group_may_become_another():
    layer = SpectralNormalization(layers.DepthwiseConv2D(1, use_bias=False))
    layer.build((None, 1, 1, 2))
    for large in (0, 1):
        layer.layer.kernel.assign(np.reshape([1.0 + large, 2.0 - large], (1, 1, 2, 1)))
        updated(layer, 200)
        np.testing.assert_allclose(
            np.ravel(layer(np.ones((1, 1, 1, 2)))), [0.5 + 0.5 * large, 1 - 0.5 * large]
        )


def test_the_singular_value_is_float32_in_mixed_precision():
    x = np.eye(40, dtype="float32")
    exact = SpectralNormalization(layers.Dense(30, use_bias=False), seed=0)
    exact(x)
    keras.config.set_dtype_policy("mixed_bfloat16")
    mixed = SpectralNormalization(layers.Dense(30, use_bias=False), seed=0)
    model = keras.Sequential([keras.Input((40,)), mixed])
    mixed.set_weights(exact.get_weights())
    for layer in (exact, mixed):
        layer.begin_update()
    np.testing.assert_array_equal(np.hstack(vectors(mixed)), np.hstack(vectors(exact)))
    assert model.outputs[0].dtype == model(x).dtype == mixed(x).dtype == "bfloat16"
    np.testing.assert_array_equal(model(x), ops.cast(exact(x), "bfloat16"))
    last = SpectralNormalization(layers.Dense(1, dtype="float32"))
    assert (
        keras.Sequential([keras.Input((40,)), last]).outputs[0].dtype == last(x).dtype == "float32"
    )


def network():
    latents, labels = (
        keras.Input((6,), name="latents"),
        keras.Input((), dtype="int32", name="labels"),
    )
    x = layers.Reshape((2, 2, 3))(SpectralNormalization(layers.Dense(12))(latents))
    x = SpectralNormalization(layers.Conv2DTranspose(4, 4, 2), seed=3)(x)
    x = layers.Flatten()(SpectralNormalization(layers.SeparableConv2D(3, 3))(x))
    code = SpectralNormalization(layers.Embedding(5, x.shape[-1]))(labels)
    model = keras.Model([latents, labels], layers.Dot(1)([x, code]))
    for layer in model.layers:
        if isinstance(layer, SpectralNormalization):
            layer.begin_update()
    return model, [inputs((3, 6)), np.array([0, 2, 4], "int32")]


def test_it_comes_back_from_a_file_and_a_copy_to_the_last_bit(tmp_path):
    model, x = network()
    expected = model(x)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), expected)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(x), expected)
    assert [layer.seed for layer in clone.layers if hasattr(layer, "seed")] == [None, 3, None, None]


def test_a_frozen_one_comes_back_too(tmp_path):
    inputs = keras.Input((6,))
    layer = SpectralNormalization(layers.Dense(4))
    network = keras.Model(inputs, layer(inputs))
    layer.trainable = False
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    samples = np.eye(6, dtype="float32")
    np.testing.assert_array_equal(loaded(samples), network(samples))
    assert not loaded.trainable_weights


def test_it_is_exported(tmp_path):
    model = keras.Sequential([keras.Input((4,)), SpectralNormalization(layers.Dense(3))])
    model.export(tmp_path / "model", verbose=False)
    exported = tf.saved_model.load(tmp_path / "model")
    x = inputs((2, 4))
    np.testing.assert_allclose(exported.serve(x), model(x), rtol=1e-6)


def test_what_the_layer_does_apart_from_its_output_is_kept():
    inner = keras.Sequential(
        [
            layers.Dense(3, kernel_regularizer="l2", activity_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.5, seed=0),
        ]
    )
    inner.build((None, 4))
    layer = SpectralNormalization(inner)
    x = inputs((8, 4))
    first = layer(x, training=True)
    assert len(layer.losses) == 2
    mean = inner.layers[1].moving_mean
    linear = x @ (inner.layers[0].kernel / largest(inner.layers[0].kernel))
    np.testing.assert_allclose(mean, 0.01 * linear.numpy().mean(axis=0), rtol=0.1)
    assert not np.array_equal(first == 0, layer(x, training=True) == 0)  # Dropout draws again.


def test_all_weights_of_a_stateless_call_are_those_that_it_is_given():
    model = keras.Sequential([keras.Input((4,)), SpectralNormalization(layers.Dense(3))])
    kernel, bias = model.trainable_variables
    fixed = [variable.value for variable in model.non_trainable_variables]
    x = inputs((2, 4))
    outputs, _ = model.stateless_call([2 * kernel.value, bias.value + 1], fixed, x)
    np.testing.assert_allclose(outputs, model(x) + 1, rtol=1e-5)


class Unbuilt(layers.Layer):
    """A layer without `build`: Keras builds what is in it while it tries out `call`."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs)


def test_it_starts_the_same_within_another_layer():
    normal = keras.initializers.RandomNormal(seed=0)
    layer = SpectralNormalization(layers.Dense(30, kernel_initializer=normal), seed=0)
    x = keras.Input((40,))
    keras.Model(x, Unbuilt(layer)(x))
    alone = SpectralNormalization(layers.Dense(30, kernel_initializer=normal), seed=0)
    alone.build((None, 40))
    np.testing.assert_allclose(np.hstack(vectors(layer)), np.hstack(vectors(alone)), rtol=1e-3)


@pytest.mark.filterwarnings("ignore:`build..` was called")  # Keras's, of a layer without one.
@pytest.mark.parametrize(
    "layer", [layers.ReLU(), layers.BatchNormalization(), Unbuilt(layers.Dense(3))]
)
def test_a_layer_without_a_kernel_is_refused(layer):
    with pytest.raises(
        ValueError, match="`layer` must have a kernel.*call it before it is wrapped"
    ):
        SpectralNormalization(layer).build((None, 4))


def moved(strategy=None):
    """The singular vectors after three updates, those of each replica."""
    with strategy.scope() if strategy else contextlib.nullcontext():
        layer = SpectralNormalization(layers.Dense(3, kernel_initializer="orthogonal"), seed=0)
        layer.build((None, 4))
    layer.layer.kernel.assign(inputs((4, 3)))
    step = tf.function(
        lambda: strategy.run(layer.begin_update) if strategy else layer.begin_update()
    )
    for _ in range(3):
        step()
    values = [one.value for one in layer.non_trainable_weights]
    if strategy is None:
        return [[value.numpy()] for value in values]
    return [[one.numpy() for one in strategy.experimental_local_results(v)] for v in values]


@pytest.mark.slow
def test_all_replicas_have_the_singular_vectors_of_one_device():
    for alone, replicas in zip(moved(), replicated.on_devices(2, moved), strict=True):
        first, second = replicas
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, *alone, rtol=1e-5)
