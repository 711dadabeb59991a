import re

import keras
import players
import pytest
from keras import layers
from players import discriminator, images

import kgan


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("discriminator_steps", 0),
        ("discriminator_steps", 1.5),
        ("latent_distribution", "gaussian"),
        ("ema_decay", 1.0),
        ("ema_decay", -0.1),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", "a"),
    ],
)
def test_an_argument_out_of_range_is_named_with_its_value(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be.*Received: {argument}={value!r}"):
        kgan.GAN(*players.networks(), **{argument: value})


def test_one_optimizer_for_both_players_is_refused():
    gan, optimizer = players.gan(compiled=False), keras.optimizers.Adam()
    with pytest.raises(ValueError, match="must be two instances"):
        gan.compile(optimizer, optimizer)
    assert not gan.compiled


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("optimizer", "generator_optimizer=... and discriminator_optimizer=..."),
        ("d_optimizer", "Use discriminator_optimizer=..."),
        ("gen_optimizer", "Use generator_optimizer=..."),
        ("loss_fn", "loss='non_saturating'"),
        ("weighted_metrics", "See help"),
    ],
)
def test_an_argument_that_compile_does_not_have_is_named_with_the_one_that_is_meant(name, hint):
    with pytest.raises(TypeError, match=f"has no argument `{name}`.*{re.escape(hint)}"):
        players.gan(compiled=False).compile(**{name: "adam"})


def test_the_same_name_twice_is_two_optimizers():
    gan = players.gan(compiled=False)
    gan.compile("adam", "adam")
    assert gan.generator_optimizer is not gan.discriminator_optimizer


def test_a_penalty_with_batch_normalization_in_the_discriminator_is_refused():
    generator, _ = players.networks()
    gan = kgan.GAN(generator, discriminator(layers.BatchNormalization(), layers.Dense(1)))
    with pytest.raises(ValueError, match="mixes the samples of a batch"):
        gan.compile(penalties=["r1"])
    gan.compile()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "hinges"}, "Did you mean 'hinge'"),
        ({"penalties": ["r3"]}, "Did you mean 'r"),
        ({"steps_per_execution": 0}, "`steps_per_execution` must be"),
        ({"metrics": ["accuracy"]}, "`metrics` must be a list of keras.metrics.Metric"),
    ],
)
def test_compile_refuses_what_it_does_not_know(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        players.gan(compiled=False).compile(**arguments)


def test_fit_before_compile_says_so():
    with pytest.raises(ValueError, match="call `compile\\(\\)` before `fit"):
        players.gan(compiled=False).fit(players.dataset())


# Drawing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "how many samples to draw: pass `num_samples`"),
        ({"labels": 1}, "how many samples to draw"),
        ({"num_samples": 2, "seeds": [1, 2]}, "either `num_samples` or `seeds`"),
        ({"num_samples": 0}, "`num_samples` must be an integer of at least 1"),
        ({"num_samples": 2, "labels": [0, 1, 2]}, r"shape \(2,\)"),
        ({"num_samples": 2, "labels": 4}, r"must be in 0..3"),
        ({"num_samples": 2, "labels": 0.5}, "must be integers"),
        ({"num_samples": 2, "seed": 1.5}, "`seed` must be made of integers. Received: seed=1.5"),
        ({"seeds": [1, 2.5]}, "`seeds` must be made of integers"),
        ({"num_samples": 2, "batch_size": 0}, "`batch_size` must be an integer of at least 1"),
    ],
)
def test_generate_refuses_what_does_not_fit(idle_with_labels, arguments, message):
    with pytest.raises(ValueError, match=message):
        idle_with_labels.generate(**arguments)


def test_labels_for_an_unconditional_gan_are_refused(idle):
    with pytest.raises(ValueError, match="these networks take none"):
        idle.generate(2, labels=1)


def test_discriminate_refuses_images_in_bytes(idle):
    with pytest.raises(ValueError, match="must be floating point"):
        idle.discriminate(images(0, 255).astype("uint8"))
