import keras
import numpy as np
import players
import pytest

import kgan
from kgan.game import transfer

SHAPE = (8, 8, 1)
ARCHITECTURES = [kgan.architectures.dcgan, kgan.architectures.mlp]


def residual(image_shape, latent_dim, num_classes):
    """A pair with the layers that `resnet` has for labels, on vectors."""
    latents, images = keras.Input((latent_dim,)), keras.Input(image_shape)
    x = keras.layers.Dense(5)(latents)
    features = keras.layers.Dense(5)(keras.layers.Flatten()(images))
    logits = kgan.layers.SpectralNormalization(keras.layers.Dense(1))(features)
    if num_classes is None:
        x = keras.layers.BatchNormalization()(x)
        return keras.Model(latents, keras.layers.Dense(3)(x)), keras.Model(images, logits)
    labels = [keras.Input((), dtype="int32") for _ in range(2)]
    x = kgan.layers.ConditionalBatchNormalization(num_classes)([x, labels[0]])
    codes = kgan.layers.SpectralNormalization(keras.layers.Embedding(num_classes, 5))(labels[1])
    logits = keras.layers.Add()([logits, keras.layers.Dot(axes=1)([features, codes])])
    return (
        keras.Model([latents, labels[0]], keras.layers.Dense(3)(x)),
        keras.Model([images, labels[1]], logits),
    )


def pair(architecture, num_classes, seed):
    """A generator and a discriminator whose weights are all random."""
    keras.utils.set_random_seed(seed)
    both = players.networks(num_classes, architecture)
    random = np.random.default_rng(seed)
    for network in both:
        network.set_weights([random.uniform(0.1, 0.9, w.shape) for w in network.get_weights()])
    return both


def answers(network, labels=None):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(6, *network.inputs[0].shape[1:])).astype("float32")
    inputs = inputs if labels is None else [inputs, np.asarray(labels)]
    return keras.ops.convert_to_numpy(network(inputs, training=False))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_equal_networks_become_copies(architecture):
    for old, new in zip(pair(architecture, 3, 0), pair(architecture, 3, 1), strict=True):
        assert transfer.transfer(old, new) == []
        np.testing.assert_array_equal(players.weights(old), players.weights(new))


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, residual])
def test_without_labels_before_the_function_is_the_same_for_all_labels(architecture):
    for old, new in zip(pair(architecture, None, 0), pair(architecture, 3, 1), strict=True):
        assert transfer.transfer(old, new)
        np.testing.assert_allclose(answers(new, [0, 1, 2] * 2), answers(old), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("player", [0, 1])
def test_new_classes_start_from_the_mean_code_of_the_old_ones(architecture, player):
    old, new = (pair(architecture, classes, classes)[player] for classes in (10, 3))
    names = [path.split("/")[-1] for path in transfer.transfer(old, new)]
    assert names == ["embeddings"] + ["kernel"] * (architecture is kgan.architectures.mlp)
    (code,) = (layer for layer in old.layers if isinstance(layer, keras.layers.Embedding))
    mean = code.get_weights()[0].mean(axis=0)
    code.set_weights([np.tile(mean, (10, 1))])
    np.testing.assert_allclose(answers(new, [0, 1, 2] * 2), answers(old, [7] * 6), rtol=1e-4)


def test_new_classes_in_batch_normalization_have_the_mean_scale_and_shift():
    old, new = (pair(residual, classes, classes)[0] for classes in (4, 3))
    transfer.transfer(old, new)
    for layer in old.layers:
        if isinstance(layer, kgan.layers.ConditionalBatchNormalization):
            for codes in (layer.gamma, layer.beta):
                codes.set_weights([np.tile(codes.get_weights()[0].mean(axis=0), (4, 1))])
    np.testing.assert_allclose(answers(new, [0, 1, 2] * 2), answers(old, [3] * 6), rtol=1e-4)


def test_the_spectral_norm_of_new_codes_is_known_at_once():
    old, new = (pair(residual, classes, classes)[1] for classes in (4, 3))
    transfer.transfer(old, new)
    (layer,) = (
        one
        for one in new.layers
        if isinstance(one, kgan.layers.SpectralNormalization)
        and isinstance(one.layer, keras.layers.Embedding)
    )
    codes = layer(np.arange(3))
    assert np.linalg.norm(codes, 2) == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_networks_without_labels_take_over_the_rest(architecture):
    for old, new in zip(pair(architecture, 3, 0), pair(architecture, None, 1), strict=True):
        transfer.transfer(old, new)
        for layer in old.layers:
            if isinstance(layer, keras.layers.Embedding):
                layer.set_weights([0 * codes for codes in layer.get_weights()])
        np.testing.assert_allclose(answers(new), answers(old, [0] * 6), rtol=1e-4, atol=1e-5)


def test_a_kernel_without_its_rows_for_labels_keeps_the_others():
    old, new = (pair(kgan.architectures.dcgan, classes, 0)[0] for classes in (3, None))
    transfer.transfer(old, new)
    kernels = [
        next(one for one in network.layers if isinstance(one, keras.layers.Dense)).kernel
        for network in (old, new)
    ]
    np.testing.assert_array_equal(kernels[1], kernels[0][: players.LATENT_DIM])


def test_one_hot_labels_count_as_codes():
    def network(num_classes):
        x, labels = keras.Input((2,)), keras.Input((), dtype="int32")
        code = keras.ops.one_hot(labels, num_classes)
        return keras.Model(
            [x, labels], keras.layers.Dense(1)(keras.layers.Concatenate()([x, code]))
        )

    old, new = network(4), network(2)
    transfer.transfer(old, new)
    kernel = old.layers[-1].kernel
    expected = [*kernel[:2], *[np.mean(kernel[2:], axis=0)] * 2]
    np.testing.assert_allclose(new.layers[-1].kernel, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: kgan.architectures.dcgan(SHAPE, 4, width=4)[0], "of shape .* where the source"),
        (lambda: kgan.architectures.dcgan(SHAPE, 5, width=8)[0], "of shape .* where the source"),
        (lambda: kgan.architectures.mlp(SHAPE, 4)[0], "layers Dense where the source has"),
    ],
)
def test_another_architecture_is_refused_and_nothing_changes(make, said):
    target = make()
    before = target.get_weights()
    with pytest.raises(ValueError, match=said):
        transfer.transfer(players.networks()[0], target)
    for old, new in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


# Freezing


def test_the_blocks_of_a_discriminator_are_its_sizes():
    _, dcgan = kgan.architectures.dcgan((16, 16, 1), 4, width=2, num_classes=3)
    sizes = [[layer.input.shape[1] for layer in block] for block in transfer.blocks(dcgan)]
    assert sizes == [[16], [8], [4 * 4 * 4]]
    _, mlp = players.networks(architecture=kgan.architectures.mlp)
    assert [len(block) for block in transfer.blocks(mlp)] == [1, 1]
    _, resnet = kgan.architectures.resnet((32, 32, 1), 4, width=1, num_classes=3)
    assert [len(block) for block in transfer.blocks(resnet)] == [2, 3, 5, 1]


def test_frozen_blocks_do_not_learn_and_a_file_knows_it(tmp_path):
    generator, discriminator = players.networks()
    transfer.freeze(discriminator, 1)
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(**players.light())
    frozen, *others = discriminator.get_weights()
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert len(loaded.discriminator.trainable_weights) == 2 == len(discriminator.trainable_weights)
    loaded.fit(players.dataset(), verbose=0)
    first, *rest = loaded.discriminator.get_weights()
    np.testing.assert_array_equal(first, frozen)
    np.testing.assert_array_equal(rest[0], others[0])  # The bias of the same layer.
    assert not np.array_equal(rest[1], others[1])


def test_one_block_at_least_learns():
    _, discriminator = players.networks()
    with pytest.raises(ValueError, match=r"at most 1 of its 2\. Received: freeze=2\."):
        transfer.freeze(discriminator, 2)
    assert all(layer.trainable for layer in discriminator.layers)


def test_the_averaged_generator_can_be_taken_over_before_training():
    old, new = (players.linear(classes, compiled=False) for classes in (3, 2))
    old.averaged_generator.set_weights([w + 1 for w in old.averaged_generator.get_weights()])
    transfer.transfer(old.averaged_generator, new.averaged_generator)
    before = players.weights(new.averaged_generator)
    new.generate(1, labels=0)
    np.testing.assert_array_equal(players.weights(new.averaged_generator), before)
