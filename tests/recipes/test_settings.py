import pytest

from kgan import architectures, penalties, recipes

VALUES = {
    "learning_rate": 1e-3,
    "generator_learning_rate": 2.0,
    "loss": "hinge",
    "augmentation": None,
    "penalties": (penalties.R1(0.1), penalties.R2(1.0)),
    "discriminator_steps": 2,
    "width": 8,
    "depth": None,
}
TEXTS = [
    "learning_rate=1e-3",
    "generator_learning_rate=2",
    "loss=hinge",
    "augmentation=none",
    "penalties=r1:0.1,r2",
    "discriminator_steps=2",
    "width = 8",
    "depth=None",
]


def test_texts_become_values_of_the_right_type():
    found = recipes.parse(recipes.MNIST, TEXTS)
    assert found == VALUES
    assert isinstance(found["generator_learning_rate"], float)


def test_values_survive_json_and_their_texts_mean_the_same():
    assert recipes.from_json(recipes.to_json(VALUES)) == VALUES
    texts = [f"{name}={recipes.text(value)}" for name, value in VALUES.items()]
    assert recipes.parse(recipes.MNIST, texts) == VALUES


def test_settings_change_the_recipe_and_its_networks():
    recipe = recipes.MNIST.with_fields(recipes.parse(recipes.MNIST, ["width=4", "beta_1=0"]))
    assert recipe.network == {"latent_dim": 64, "width": 4}
    assert recipe.beta_1 == 0.0
    assert recipe.networks((28, 28, 1), None)[1].layers[1].filters == 4


def test_another_architecture_brings_its_own_settings():
    texts = ["architecture=mlp", "generator_units=16,8", "latent_dim=5"]
    recipe = recipes.MNIST.with_fields(recipes.parse(recipes.MNIST, texts))
    generator, _ = recipe.networks((28, 28, 1), None)
    assert [layer.units for layer in generator.layers[1:3]] == [16, 8]
    with pytest.raises(ValueError, match="'generator_units'"):
        recipes.parse(recipes.MNIST, ["generator_units=16"])


@pytest.mark.parametrize("name", recipes.ALL)
def test_every_setting_of_every_recipe_can_be_set_to_what_it_is(name):
    recipe = recipes.get(name)
    for setting in recipes.settings(recipe).values():
        text = f"{setting.name}={recipes.text(setting.value)}"
        values = recipes.parse(recipe, [text])
        assert recipes.text(values[setting.name]) == recipes.text(setting.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("width", "must be NAME=VALUE"),
        ("width=", "must be NAME=VALUE"),
        ("=3", "must be NAME=VALUE"),
        ("penalties=r1:0.1,r1:0.2", "must name each once"),
        ("widht=3", "Did you mean 'width'"),
        ("width=3.0", "must be an integer. Received: width=3.0"),
        ("width=none", "must be an integer"),
        ("learning_rate=fast", "must be a number"),
        ("penalties=r3:1", "Did you mean"),
        ("penalties=r1:x", "names and weights"),
        ("architecture=unet", "must be one of"),
        ("steps=100", "There is an option for steps: --steps 100"),
    ],
)
def test_what_is_no_setting_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        recipes.parse(recipes.MNIST, [text])


def test_a_setting_that_is_there_twice_is_refused():
    with pytest.raises(ValueError, match="must name each setting once.*width=8, width=4"):
        recipes.parse(recipes.MNIST, ["width=8", "width=4"])


@pytest.mark.parametrize("architecture", architectures.__all__)
def test_every_setting_says_what_it_is(architecture):
    recipe = recipes.MNIST.with_fields({"architecture": architecture})
    for setting in recipes.settings(recipe).values():
        assert setting.says, setting.name
