import dataclasses

import keras
import numpy as np
import players
import pytest

import kgan
from kgan.diagnosis import NAMES, Probe, Reading, find_risks


def adam(rate=1e-3, beta_1=0.5, **options):
    return keras.optimizers.Adam(rate, beta_1=beta_1, **options)


def game(generator=None, discriminator=None, steps=1, **arguments):
    gan = players.linear(discriminator_steps=steps, compiled=False)
    gan.compile(generator or adam(), discriminator or adam(), **arguments)
    return gan


@pytest.mark.parametrize(
    ("arguments", "name", "says"),
    [
        ({"discriminator": adam(0.1)}, "discriminator_won", "100 times as large steps as G"),
        ({"generator": adam(0.03)}, "diverged", "large for the generator"),
        ({"discriminator": adam(1e-5)}, "discriminator_too_weak", "G takes 100 times as large"),
        ({"steps": 15}, "mode_collapse", "15 updates for one of G, without a penalty"),
        (
            {"discriminator": adam(gradient_accumulation_steps=15)},
            "discriminator_too_weak",
            "G takes 15 times as large",
        ),
        ({"loss": "wasserstein"}, "not_converging", "nothing bounds how steep D is"),
        (
            {"penalties": [kgan.penalties.R1(1000.0)]},
            "discriminator_too_weak",
            "R1 has a weight of 1000",
        ),
        ({"steps": 5, "loss": "minimax"}, "generator_starved", "the loss is 'minimax'"),
        (
            {"generator": adam(5e-3, 0.9), "discriminator": adam(5e-3, 0.9)},
            "not_converging",
            "0.005 with beta_1=0.9 is large",
        ),
    ],
)
def test_what_is_unusual_is_said_as_a_risk(arguments, name, says):
    risks = find_risks(game(**arguments), 60_000)
    assert any(name in risk.names and says in risk.says for risk in risks)
    for risk in risks:
        assert set(risk.names) <= set(NAMES)
        assert risk.advice.endswith(".")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"generator": adam(1e-4, 0.0), "discriminator": adam(4e-4, 0.0)},
        {"generator": adam(5e-5, 0.0), "discriminator": adam(2e-4, 0.0), "steps": 2},
        {"steps": 5, "loss": "wasserstein", "penalties": ["wasserstein_gradient_penalty"]},
        {"generator": adam(2e-3), "discriminator": adam(2e-3), "loss": "minimax"},
        {"generator": keras.optimizers.SGD(0.1), "discriminator": adam(1e-4)},
        {"generator": keras.optimizers.SGD(0.0), "discriminator": keras.optimizers.SGD(0.0)},
        {"steps": 16, "penalties": ["r1"]},
        {"penalties": [kgan.penalties.R1(150.0), kgan.penalties.R2(150.0)]},
        {"penalties": [kgan.penalties.R1(keras.optimizers.schedules.CosineDecay(1e3, 100))]},
        {"generator": "rmsprop", "discriminator": "adam"},
    ],
)
def test_of_usual_games_nothing_is_said(arguments):
    assert find_risks(game(**arguments), 60_000) == []


@pytest.mark.parametrize("recipe", ["digits", "mnist", "fashion_mnist"])
def test_of_recipes_nothing_is_said(recipe):
    recipe = kgan.recipes.get(recipe)
    shape = (8, 8, 1) if recipe.dataset == "digits" else (28, 28, 1)
    images = players.images(shape=shape, rows=64)
    dataset = recipe.batched(kgan.datasets.from_arrays(images))
    assert find_risks(recipe.build(dataset), 1000) == []


def test_few_samples_need_an_augmentation():
    (risk,) = find_risks(game(), 80)
    assert "only 80 training samples" in risk.says
    assert find_risks(game(augmentation="diff_augment"), 80) == []
    assert find_risks(game(), None) == []


def test_a_generator_whose_end_does_not_learn_is_unusual():
    gan = players.gan(compiled=False)
    last = [layer for layer in gan.generator.layers if layer.weights][-1]
    last.trainable = False
    gan.compile()
    (risk,) = find_risks(gan)
    assert repr(last.name) in risk.says


def with_discriminator(*layers, activation=None, **arguments):
    """A game of points whose D is these layers and one unit."""
    latents, samples = keras.Input((2,)), keras.Input((2,))
    x = samples
    for layer in layers:
        x = layer(x)
    generator = keras.Model(latents, keras.layers.Dense(2, activation)(latents))
    gan = kgan.GAN(generator, keras.Model(samples, keras.layers.Dense(1)(x)))
    gan.compile(adam(), adam(), **arguments)
    return gan


@dataclasses.dataclass(frozen=True)
class Smoothed(kgan.losses.NonSaturating):
    """D is told that of real samples only so many are real, and of generated ones the others."""

    real: float = 1.0

    def discriminator_loss(self, real_logits, fake_logits):
        right = super().discriminator_loss(real_logits, fake_logits)
        wrong = super().discriminator_loss(fake_logits, real_logits)
        return self.real * right + (1 - self.real) * wrong


@pytest.mark.parametrize("real", [0.0, 0.4, 0.5])
def test_a_loss_that_does_not_reward_a_discriminator_for_being_right_is_unusual(real):
    (risk,) = find_risks(game(loss=Smoothed(real=real)))
    assert "D's loss does not reward it for being right" in risk.says
    assert risk.names[0] == "discriminator_too_weak"


def test_a_loss_that_does_not_reward_a_generator_for_fooling_is_unusual():
    @dataclasses.dataclass(frozen=True)
    class Backwards(kgan.losses.NonSaturating):
        def generator_loss(self, real_logits, fake_logits):
            return keras.ops.softplus(fake_logits)

    @dataclasses.dataclass(frozen=True)
    class Unsure(kgan.losses.NonSaturating):
        def generator_loss(self, real_logits, fake_logits):
            return fake_logits**2

    assert find_risks(game(loss=Unsure())) == []
    (risk,) = find_risks(game(loss=Backwards()))
    assert "G's loss does not reward it for fooling D: it is 1.31 with" in risk.says


@pytest.mark.parametrize("loss", [Smoothed(real=0.9), Smoothed(real=0.6), *kgan.losses.ALL])
def test_losses_reward_it(loss):
    penalties = ["wasserstein_gradient_penalty"] if loss == "wasserstein" else ()
    assert find_risks(game(loss=loss, penalties=penalties)) == []


class Dilated(keras.layers.Layer):
    """A layer whose `rate` is none of what is left out."""

    rate = (16_000, 2)

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (keras.layers.Dropout(0.8), "leaves out 80% of what D is to judge"),
        (keras.layers.GaussianNoise(0.75), "noise of a standard deviation of 0.75 to what D is to"),
    ],
)
def test_noise_that_hides_samples_from_a_discriminator_is_unusual(layer, says, bounded):
    def risks(*layers):
        return find_risks(with_discriminator(*layers, activation="tanh" if bounded else None))

    found = risks(keras.layers.Rescaling(0.5), layer)
    is_known = bounded or isinstance(layer, keras.layers.Dropout)
    assert [says in risk.says for risk in found] == [True] * is_known
    learns_not = keras.layers.Dense(3, trainable=False)
    for usual in (keras.layers.Dropout(0.2), keras.layers.GaussianNoise(0.1), Dilated()):
        assert risks(usual) == []
    for first in (keras.layers.Dense(3), learns_not):
        assert risks(first, layer) == []


def test_constraints_that_make_weights_much_smaller_are_unusual():
    class Clipped(keras.constraints.Constraint):
        def __call__(self, w):
            return keras.ops.clip(w, -0.01, 0.01)

    layers = [keras.layers.Dense(9, kernel_constraint=one) for one in (Clipped(), "unit_norm")]
    (risk,) = find_risks(with_discriminator(layers[0]))
    assert "Constraints shrink D's weights to " in risk.says
    assert find_risks(with_discriminator(layers[0], loss="wasserstein")) == []
    assert find_risks(with_discriminator(layers[1])) == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"variety": 2e-8}, "all samples are equal: G may not look at its latents"),
        ({"logit_spread": 45.0}, "D's logits for real samples spread by 45"),
    ],
)
def test_networks_that_begin_as_few_do_are_unusual(changed, says):
    usual = {"variety": 1e-4, "logit_spread": 0.5}
    assert find_risks(game(), first=Reading(0, **usual)) == []
    (risk,) = find_risks(game(), first=Reading(0, **(usual | changed)))
    assert says in risk.says


@pytest.mark.parametrize(
    ("architecture", "size"),
    [("mlp", 8), ("mlp", 32), ("dcgan", 8), ("dcgan", 32), ("resnet", 32)],
)
def test_networks_of_kgan_begin_as_usual(architecture, size):
    make, shape = getattr(kgan.architectures, architecture), (size, size, 3)
    gan = kgan.GAN(*make(shape, 4, num_classes=3), seed=0)
    gan.compile(penalties=["r1"])
    labels = np.arange(32, dtype="int32") % 3
    first = Probe(gan, (players.images(shape=shape, rows=32), labels)).read()
    assert find_risks(gan, first=first) == []


def test_a_scaled_optimizer_is_looked_into():
    scaled = keras.optimizers.LossScaleOptimizer(adam(0.1))
    (_, risk) = find_risks(game(discriminator=scaled))
    assert "100 times" in risk.says


@pytest.mark.parametrize("bound", ["constraint", "Keras's normalization", "kgan's"])
def test_a_critic_may_be_bounded_by_its_layers(bound):
    constraint = keras.constraints.MaxNorm(1) if bound == "constraint" else None
    layer = keras.layers.Dense(1, kernel_constraint=constraint)
    if "Keras" in bound:
        layer = keras.layers.SpectralNormalization(layer)
    if "kgan" in bound:
        layer = kgan.layers.SpectralNormalization(layer)
    latents, samples = keras.Input((2,)), keras.Input((2,))
    generator = keras.Model(latents, keras.layers.Dense(2)(latents))
    gan = kgan.GAN(generator, keras.Model(samples, layer(samples)))
    gan.compile(adam(), adam(), loss="wasserstein")
    assert find_risks(gan) == []
