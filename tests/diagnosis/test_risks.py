import keras
import players
import pytest

import kgan
from kgan.diagnosis import NAMES, find_risks


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
            "0.005 and beta_1=0.9 is large",
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
