import dataclasses
import itertools

import contracts
import keras
import numpy as np
import players
import pytest
import tensorflow as tf

import kgan
from kgan import penalties

SEED = tf.constant([3, 4])


def linear_critic(slope):
    return lambda images: tf.matmul(images, tf.constant(slope)[:, None])


@pytest.mark.parametrize("name", penalties.ALL)
def test_every_penalty_obeys_the_contract(name):
    contracts.check_penalty(penalties.get(name))


@pytest.mark.parametrize("penalty", [penalties.R1, penalties.R2])
def test_r1_of_a_linear_discriminator_is_half_the_weight_times_its_squared_norm(penalty):
    real, fake = tf.random.normal((6, 3)), tf.random.normal((6, 3))
    values = penalty(10.0)(linear_critic([1.0, -2.0, 2.0]), real, fake, SEED)
    np.testing.assert_allclose(values, np.full(6, 10 / 2 * 9), rtol=1e-6)


def test_r1_looks_at_real_samples_and_r2_at_fakes():
    def square(images):  # Its slope at x is x.
        return tf.reduce_sum(images**2 / 2, axis=1, keepdims=True)

    real, fake = tf.constant([[1.0], [2.0]]), tf.constant([[3.0], [4.0]])
    np.testing.assert_allclose(penalties.R1(2.0)(square, real, fake, SEED), [1, 4])
    np.testing.assert_allclose(penalties.R2(2.0)(square, real, fake, SEED), [9, 16])


@pytest.mark.parametrize(("slope", "expected"), [([0.6, 0.8], 0.0), ([3.0, 4.0], 160.0)])
def test_wgan_gp_of_a_linear_critic_is_the_weight_times_its_squared_distance_from_slope_1(
    slope, expected
):
    real, fake = tf.random.normal((5, 2)), tf.random.normal((5, 2))
    values = penalties.WassersteinGradientPenalty()(linear_critic(slope), real, fake, SEED)
    np.testing.assert_allclose(values, np.full(5, expected), atol=1e-5)


def test_wgan_gp_looks_between_real_samples_and_fakes():
    seen = []

    def critic(images):
        seen.append(images)
        return tf.reduce_sum(images, axis=1, keepdims=True)

    penalties.WassersteinGradientPenalty()(critic, tf.zeros((1000, 1)), tf.ones((1000, 1)), SEED)
    between = np.ravel(seen[0])
    assert between.min() >= 0
    assert between.max() <= 1
    assert between.mean() == pytest.approx(0.5, abs=0.05)  # Uniform; a normal would leave [0, 1].
    assert between.std() == pytest.approx(1 / np.sqrt(12), abs=0.02)


def test_wgan_gp_of_a_flat_critic_has_a_finite_gradient():
    slope = tf.Variable([[0.0], [0.0]])
    penalty = penalties.WassersteinGradientPenalty()
    with tf.GradientTape() as tape:
        values = penalty(lambda x: tf.matmul(x, slope), tf.ones((2, 2)), tf.ones((2, 2)), SEED)
    assert np.isfinite(tape.gradient(values, slope)).all()


def test_a_map_of_logits_is_penalised_like_the_sum_of_its_patches():
    def patches(images):  # Four patches, each with slope 3.
        return tf.tile(3 * images[:, :1, None, None], [1, 2, 2, 1])

    values = penalties.R1(2.0)(patches, tf.ones((4, 2)), None, SEED)
    np.testing.assert_allclose(values, np.full(4, 12.0**2))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_penalty_is_float32_under_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    critic = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, dtype="float32")])
    values = penalties.R1()(critic, tf.ones((2, 4)), None, SEED)
    assert values.dtype == tf.float32


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="`weight` must be at least 0"):
        penalties.R1(-1.0)


def test_an_unknown_penalty_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="Did you mean 'wasserstein_gradient_penalty'"):
        penalties.get_all(["gradient_penalty"])


@pytest.mark.parametrize("thing", ["r1", penalties.R1()])
def test_penalties_that_are_not_a_list_are_refused(thing):
    with pytest.raises(TypeError, match="`penalties` must be a list"):
        penalties.get_all(thing)


def test_a_class_instead_of_an_instance_is_refused():
    with pytest.raises(TypeError, match=r"such as \[kgan.penalties.R1"):
        penalties.get_all([penalties.R1])


# Lazily, and by a schedule


def test_a_lazy_penalty_is_due_on_every_so_many_updates_and_counts_as_often():
    critic, real = linear_critic([1.0, -2.0, 2.0]), tf.ones((6, 3))
    penalty = penalties.R1(10.0, every=4)
    values = [float(penalty.mean(critic, real, None, SEED, update=update)) for update in range(8)]
    np.testing.assert_allclose(values, [4 * 45, 0, 0, 0] * 2)
    assert float(penalty.mean(critic, real, None, SEED)) == pytest.approx(45)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"run_eagerly": True}, marks=pytest.mark.slow),
        {"steps_per_execution": 2},
    ],
)
def test_a_lazy_penalty_counts_the_updates_of_the_discriminator(options):
    """With weights that do not move, what is logged tells when it was due."""
    still = [keras.optimizers.SGD(0.0) for _ in range(2)]
    logs = []
    for every in (1, 4):
        gan = players.linear(discriminator_steps=2)
        penalty = penalties.R1(10.0, every=every)
        gan.compile(*still, penalties=[penalty], **options)
        gan.fit(players.dataset(), epochs=3, verbose=0)
        logs.append(gan.history.history["penalty"])
        still = [keras.optimizers.SGD(0.0) for _ in range(2)]
    # 4 steps of 2 updates per epoch: due at updates 0 and 4 of 8, in halves of the batches.
    np.testing.assert_allclose(logs[1], logs[0], rtol=0.2)


LAZY = [("r1", "mixed_float16"), ("wasserstein_gradient_penalty", "float32")]


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        pytest.param(*pair, marks=[] if pair in LAZY else pytest.mark.slow)
        for pair in itertools.product(penalties.ALL, ["float32", "mixed_float16"])
    ],
)
def test_a_lazy_penalty_trains_the_discriminator(name, precision):
    keras.config.set_dtype_policy(precision)
    games = []
    for weight in (0.0, 10.0):
        gan = players.linear(penalties=[type(penalties.get(name))(weight, every=3)])
        gan.fit(players.dataset(), verbose=0)
        games.append(players.weights(gan.discriminator))
    assert np.isfinite(games[1]).all()
    assert not np.array_equal(*games)


def test_a_lazy_penalty_moves_the_weights_as_the_eager_one_times_every():
    """On an update that is due; SGD, so that the step is the gradient."""
    moves = []
    for weight, every in ((1.0, 4), (4.0, 1), (0.0, 1)):
        gan = players.linear()
        optimizers = [keras.optimizers.SGD(0.1) for _ in range(2)]
        gan.compile(*optimizers, penalties=[penalties.R1(weight, every=every)])
        before = players.weights(gan.discriminator)
        gan.fit(players.dataset(num_samples=16), verbose=0)
        moves.append(players.weights(gan.discriminator) - before)
    np.testing.assert_allclose(moves[0], moves[1], rtol=1e-4, atol=1e-7)
    assert np.abs(moves[0] - moves[2]).max() > 1e-4


def test_evaluation_is_never_lazy():
    logs = []
    for every in (1, 1000):
        gan = players.linear(penalties=[penalties.R1(1.0, every=every)])
        gan.step.assign(1)
        logs.append(gan.evaluate(players.dataset(), verbose=0, return_dict=True)["penalty"])
    assert logs[0] == logs[1] > 0


def test_the_weight_of_a_penalty_follows_its_schedule():
    schedule = keras.optimizers.schedules.PolynomialDecay(2.0, 10, 12.0)
    critic, real = linear_critic([3.0]), tf.ones((6, 1))
    for step in (0, 5, 10, 20):
        value = penalties.R1(schedule).mean(critic, real, None, SEED, step=step)
        assert float(value) == pytest.approx(float(schedule(step)) / 2 * 9)
    still = [keras.optimizers.SGD(0.0) for _ in range(2)]
    gan = players.linear()
    gan.compile(*still, penalties=[penalties.R1(schedule)])
    plain = players.linear()
    plain.compile(*[keras.optimizers.SGD(0.0) for _ in range(2)], penalties=[penalties.R1(1.0)])
    for game in (gan, plain):
        game.fit(players.dataset(num_samples=16), epochs=5, verbose=0)
    ratios = np.divide(gan.history.history["penalty"], plain.history.history["penalty"])
    np.testing.assert_allclose(ratios, [float(schedule(step)) for step in range(5)], rtol=1e-5)


@pytest.mark.parametrize("every", [0, -1, 1.5, True, None])
def test_an_every_that_is_not_a_positive_integer_is_refused(every):
    with pytest.raises(ValueError, match="`every` must be an integer of at least 1"):
        penalties.R1(every=every)


def test_what_is_neither_a_number_nor_a_schedule_is_no_weight():
    with pytest.raises(ValueError, match="`weight` must be at least 0, or a schedule"):
        penalties.R1("much")


# Penalties that people write


@dataclasses.dataclass(frozen=True)
class WithItsOwnTape(penalties.Penalty):
    """R1, as one writes it with TensorFlow alone; and a field without a default."""

    target: float

    def __call__(self, critic, real_images, fake_images, seed):
        with tf.GradientTape() as tape:
            tape.watch(real_images)
            total = tf.reduce_sum(critic(real_images))
        gradient = tape.gradient(total, real_images)
        norms = tf.reduce_sum(gradient**2, axis=[1, 2, 3])
        return self.weight / 2 * (norms - self.target)


class WithItsOwnInit(penalties.Penalty):
    def __init__(self):
        super().__init__(1.0)

    def __call__(self, critic, real_images, fake_images, seed):
        return self.weight / 2 * penalties.gradient_squared_norm(critic, real_images)


@pytest.mark.parametrize("penalty", [WithItsOwnTape(1.0, 0.0), WithItsOwnInit()])
def test_a_penalty_that_differentiates_by_itself_is_r1_too(penalty):
    games = []
    for one in (penalty, penalties.R1(1.0)):
        gan = players.linear(penalties=[one])
        history = gan.fit(players.dataset(), verbose=0).history
        games.append((players.weights(gan.discriminator), history["penalty"]))
    np.testing.assert_allclose(games[0][0], games[1][0], atol=1e-6)
    np.testing.assert_allclose(games[0][1], games[1][1], rtol=1e-5)


def test_the_new_argument_does_not_change_what_the_others_mean():
    assert WithItsOwnTape(1.0, 2).target == 2
    assert WithItsOwnTape(1.0, 2).every == 1
    assert penalties.R1(every=np.int64(4)).every == 4


def recurrent(**options):
    """A game whose D reads images row by row."""
    images = keras.Input((8, 8, 1))
    rows = keras.layers.Reshape((8, 8))(images)
    logits = keras.layers.Dense(1)(keras.layers.GRU(4, name="reader", **options)(rows))
    return kgan.GAN(players.networks()[0], keras.Model(images, logits), seed=0)


@pytest.mark.slow
def test_a_lazy_penalty_on_a_loop_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"layer 'reader' \(GRU\) with `unroll=True`"):
        recurrent().compile(penalties=[penalties.R1(every=2)])
    recurrent().compile(penalties=[penalties.R1()])
    gan = recurrent(unroll=True)
    gan.compile(penalties=[penalties.R1(every=2)], turns="simultaneous")
    gan.fit(players.dataset(num_samples=16), verbose=0)
