import dataclasses
import os

import keras
import numpy as np
import players
import pytest
import quality

import kgan

needs_mnist = pytest.mark.skipif(
    players.prepared_data("mnist") is None, reason="MNIST is not prepared: set TFDS_DATA_DIR"
)


def little_of(recipe):
    """The recipe's networks and settings, on noise in the shape of its data."""
    size = {"digits": 8, "pictures": 16}.get(recipe.dataset or "pictures", 28)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2 * recipe.batch_size, size, size, 1), dtype="uint8")
    labels = np.arange(len(images)) % 10 if recipe.conditional else None
    return kgan.datasets.from_arrays(images, labels, batch_size=recipe.batch_size)


@pytest.mark.parametrize(
    ("name", "conditional"),
    [
        ("digits", True),
        *(pytest.param(name, False, marks=pytest.mark.slow) for name in kgan.recipes.ALL),
        *(
            pytest.param(name, True, marks=pytest.mark.slow)
            for name in kgan.recipes.ALL
            if name != "digits"
        ),
    ],
)
def test_every_recipe_trains(name, conditional):
    recipe = dataclasses.replace(kgan.recipes.get(name), conditional=conditional)
    dataset = little_of(recipe)
    gan = recipe.build(dataset)
    gan.fit(dataset, epochs=1, verbose=0)
    assert gan.step.numpy() == dataset.steps_per_epoch
    assert gan.num_classes == (10 if conditional else None)
    precision = kgan.recipes.resolve_precision(recipe.precision)
    assert keras.config.dtype_policy().name == precision


@pytest.mark.slow
def test_a_recipe_trains_the_same_weights_every_time():
    recipe = kgan.recipes.DIGITS
    dataset = recipe.load()
    weights = []
    for _ in range(2):
        gan = recipe.build(dataset)
        gan.fit(dataset, epochs=2, verbose=0)
        weights.append(np.concatenate([np.ravel(w) for w in gan.get_weights()]))
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize("batch_size", [50, 64, 100, 1437])
def test_a_recipe_works_with_any_batch_size(batch_size):
    recipe = dataclasses.replace(kgan.recipes.DIGITS, batch_size=batch_size)
    dataset = recipe.load()
    assert dataset.steps_per_epoch % recipe.build(dataset).steps_per_execution == 0


def test_an_unknown_recipe_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'digits'"):
        kgan.recipes.get("digit")


def test_an_unknown_precision_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match="must be one of .*mixed_bfloat16.*Received: .*'half'"):
        dataclasses.replace(kgan.recipes.DIGITS, precision="half")


def test_an_impossible_image_size_is_refused_before_data_is_read(monkeypatch):
    monkeypatch.setattr("tensorflow_datasets.builder", None)
    recipe = dataclasses.replace(kgan.recipes.get("mnist"), image_size=7)
    said = r"`dcgan` makes no images of image_size=7: .*each axis at least 8 long.*\(7, 7"
    with pytest.raises(ValueError, match=said):
        recipe.load()


def test_the_recipe_of_your_own_pictures_needs_them():
    with pytest.raises(ValueError, match="`dataset` is needed"):
        kgan.recipes.PICTURES.load()


@pytest.fixture(scope="module")
def judges():
    """A function from the name of a data set to its judge, which is trained once."""
    made = {}

    def judge(dataset):
        if dataset not in made:
            os.environ.setdefault("TFDS_DATA_DIR", players.prepared_data("mnist") or "")
            made[dataset] = quality.judge(dataset)
            assert made[dataset].accuracy() >= {"digits": 0.95, "mnist": 0.99}.get(dataset, 0.90)
        return made[dataset]

    return judge


def check_controls(judge, recipe):
    """Real images pass, and what is none does not."""
    dataset = recipe.load()
    assert judge.measure(dataset.samples[:10_000]).passes()
    untrained = recipe.build(dataset).generate(1000, seed=0)
    for name, samples in judge.controls(untrained).items():
        assert not judge.measure(samples).passes(), name


def trained(recipe):
    dataset = recipe.load()
    gan = recipe.build(dataset)
    gan.fit(dataset, epochs=recipe.num_epochs, verbose=0)
    return gan


@pytest.mark.slow
def test_a_quickly_trained_judge_passes_real_digits_and_no_other_images(monkeypatch):
    monkeypatch.setitem(quality.SIZES[8], "epochs", quality.SIZES[8]["epochs"] // 3)
    judge = quality.judge("digits")
    assert judge.accuracy() > 0.9
    check_controls(judge, kgan.recipes.DIGITS)


@pytest.mark.slow
def test_real_digits_pass_the_quality_check_and_other_images_fail(judges):
    check_controls(judges("digits"), kgan.recipes.DIGITS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])
def test_the_digits_recipe_draws_digits(judges, seed):
    gan = trained(dataclasses.replace(kgan.recipes.DIGITS, seed=seed))
    result = judges("digits").measure(gan.generate(1000, seed=5))
    assert result.passes(), result


@pytest.mark.slow
def test_the_digits_recipe_draws_the_digits_that_it_is_asked_for(judges):
    gan = trained(dataclasses.replace(kgan.recipes.DIGITS, conditional=True))
    labels = np.arange(1000) % 10
    result = judges("digits").measure(gan.generate(1000, labels, seed=5), labels)
    assert result.passes(label_accuracy=0.95), result


def check_exports(gan, tmp_path):
    """Exports draw what the GAN draws, and eight bits are enough."""
    whole = gan.export(tmp_path / "whole.tflite", "litert")
    small = gan.export(tmp_path / "small.tflite", "litert", quantize="int8")
    assert whole.max_difference <= 1e-5
    assert small.psnr >= 30
    assert small.size_bytes <= 0.30 * whole.size_bytes


@pytest.mark.soak
@needs_mnist
def test_after_an_epoch_the_mnist_recipe_draws_all_digits(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", players.prepared_data("mnist"))
    monkeypatch.setitem(quality.SIZES[28], "epochs", 1)  # Right about 98 % of digits.
    judge = quality.judge("mnist")
    assert judge.accuracy() > 0.97
    gan = trained(dataclasses.replace(kgan.recipes.MNIST, epochs=1))
    drawn = judge.measure(gan.generate(10_000, seed=5))
    assert drawn.shares.min() >= 0.03
    assert drawn.total_variation <= 0.15
    assert drawn.confidence >= 0.82
    assert drawn.diversity >= 0.6
    check_exports(gan, tmp_path)


@pytest.mark.soak
@needs_mnist
def test_the_mnist_recipe_draws_digits_and_they_survive_eight_bits(judges, tmp_path):
    judge = judges("mnist")
    check_controls(judge, kgan.recipes.MNIST)
    gan = trained(kgan.recipes.MNIST)
    result = judge.measure(gan.generate(10_000, seed=5))
    assert result.passes(), result
    check_exports(gan, tmp_path)


def test_falling_rates_count_the_updates_of_each_player():
    recipe = dataclasses.replace(
        kgan.recipes.PICTURES, learning_rate=0.5, decay_steps=2, discriminator_steps=3, batch_size=6
    )
    dataset = little_of(recipe)  # Two batches.
    gan = recipe.build(dataset)
    gan.fit(dataset, epochs=1, verbose=0)
    rates = (gan.generator_optimizer.learning_rate, gan.discriminator_optimizer.learning_rate)
    np.testing.assert_allclose([float(rate) for rate in rates], 0.25)


def test_only_diff_augment_grows():
    recipe = kgan.recipes.MNIST.with_fields({"augmentation_steps": 10})
    with pytest.raises(ValueError, match=r"is for augmentation=\"diff_augment\".*=10.*=None"):
        recipe.build(players.dataset(batch_size=32))
    with pytest.raises(TypeError, match="must be a data set of kgan.datasets.*=None"):
        recipe.build(None)


@pytest.mark.parametrize("name", ["decay_steps", "augmentation_steps"])
def test_what_falls_or_grows_at_once_is_refused(name):
    with pytest.raises(ValueError, match=f"`{name}` must be a number of at least 1.*{name}=0"):
        dataclasses.replace(kgan.recipes.PICTURES, **{name: 0})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"learning_rate": -1e-3}, "`learning_rate` must be a positive number.*-0.001"),
        ({"learning_rate": "1e-3"}, "`learning_rate` must be a positive number.*'1e-3'"),
        ({"generator_learning_rate": 0.0}, "`generator_learning_rate` must be a positive number"),
        ({"beta_1": 1.0}, r"`beta_1` must be a number in \[0, 1\)"),
        ({"decay_steps": "1000"}, "`decay_steps` must be a number of at least 1.*'1000'"),
        ({"steps": "1000"}, "`steps` must be an integer of at least 1"),
        ({"packing": 0}, "`packing` must be an integer of at least 1"),
        ({"discriminator_steps": 0}, "`discriminator_steps` must be an integer of at least 1"),
        ({"batch_size": 0}, "`batch_size` must be an integer of at least 1"),
        ({"widht": 3}, "Did you mean 'width'"),
    ],
)
def test_fields_out_of_range_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        kgan.recipes.PICTURES.with_fields(fields)


def test_diff_augment_grows_where_it_is_to_and_a_layer_stays_as_it_is():
    fields = {"augmentation": "diff_augment", "augmentation_steps": 6000}
    recipe = kgan.recipes.PICTURES.with_fields(fields)
    strength = recipe.build(little_of(recipe)).augmentation.strength
    assert [float(strength(step)) for step in (0, 3000, 6000, 9000)] == [0.25, 0.625, 1, 1]
    constant = recipe.with_fields({"augmentation_steps": None})
    assert constant.build(little_of(constant)).augmentation.strength == 1.0
    layer = kgan.augmentation.DiffAugment(["translation"])
    recipe = recipe.with_fields({"augmentation": layer})
    assert recipe.build(little_of(recipe)).augmentation is layer


def test_a_given_length_stays_in_either_unit():
    dataset = kgan.datasets.digits(batch_size=1)
    recipe = kgan.recipes.PICTURES.with_fields({"epochs": 5})
    recipe, choices = recipe.fitted(dataset, ["epochs"])
    assert (recipe.epochs, recipe.steps) == (5, None)
    assert "steps" not in {choice.name for choice in choices}


def test_arguments_of_the_network_may_come_as_a_dict():
    recipe = kgan.recipes.PICTURES.with_fields({"network": {"width": 8}, "latent_dim": 4})
    assert recipe.network == {"width": 8, "latent_dim": 4}


def test_points_get_the_networks_of_points_or_a_hint():
    points = kgan.datasets.load("ring", batch_size=1)
    recipe, _ = kgan.recipes.PICTURES.fitted(points)
    with pytest.raises(ValueError, match="architecture=mlp.*'dcgan'"):
        recipe.build(recipe.batched(points))
    mlp = {"architecture": "mlp", "output_activation": "linear"}
    recipe, _ = kgan.recipes.PICTURES.with_fields(mlp).fitted(points)
    assert recipe.build(recipe.batched(points)).augmentation is None
