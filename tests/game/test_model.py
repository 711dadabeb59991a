"""Seeds, and evaluation apart from training."""

import gc
import weakref

import keras
import numpy as np
import players
import pytest

import kgan


def test_without_a_seed_a_gan_follows_keras():
    seeds = []
    for number in (1, 1, 2):
        keras.utils.set_random_seed(number)
        gan = kgan.GAN(*players.networks())
        assert type(gan.seed) is int
        seeds.append((gan.seed, kgan.GAN(*players.networks()).seed))
    assert seeds[0] == seeds[1]
    assert seeds[0][0] != seeds[0][1]
    assert seeds[0] != seeds[2]


def test_after_set_random_seed_the_same_program_plays_the_same_game():
    games = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        gan = kgan.GAN(*players.networks(architecture=kgan.architectures.mlp))
        gan.compile()
        gan.fit(players.dataset(), epochs=2, verbose=0)
        games.append([*players.digest(gan), gan.generate(3)])
    assert players.same(*games)


def test_another_seed_is_another_game_and_retraces_nothing():
    traces = []

    @keras.saving.register_keras_serializable("tests")
    class Counting(keras.layers.Layer):
        def call(self, inputs):
            traces.append(inputs)
            return inputs

    generator, discriminator = players.networks()
    images = keras.Input((8, 8, 1))
    gan = kgan.GAN(generator, keras.Model(images, discriminator(Counting()(images))), seed=0)
    gan.compile()
    batch = players.dataset().samples[:16]
    gan.train_on_batch(batch)
    before = len(traces)
    weights = gan.get_weights()

    def second_step(seed):
        gan.set_weights(weights)
        gan.seed = seed
        gan.train_on_batch(batch)
        return players.weights(gan.generator)

    first, other = second_step(0), second_step(5)
    assert len(traces) == before
    assert not np.array_equal(first, other)
    assert gan.seed == 5


def test_a_seed_that_was_set_counts_as_given():
    gan = players.linear(seed=None)
    assert gan.seed_is_drawn
    gan.seed = 5
    assert not gan.seed_is_drawn


def test_compiling_again_leaves_nothing_of_the_last_time(tmp_path):
    gan = players.linear()
    number = len(gan.weights)
    for augmentation in ("diff_augment", "diff_augment", None):
        gan.compile(augmentation=augmentation)
    assert len(gan.weights) == number
    assert gan.augmentation is None


def test_a_compile_that_fails_leaves_the_game_as_it_was():
    gan = players.linear()
    with pytest.raises(ValueError, match="adamm"):
        gan.compile("adamm", loss="wasserstein", augmentation="diff_augment")
    assert gan.augmentation is None
    assert gan.loss == kgan.losses.NonSaturating()
    gan.fit(players.dataset(), verbose=0)
    gan = players.linear(compiled=False)
    with pytest.raises(ValueError, match="adamm"):
        gan.compile("adamm")
    with pytest.raises(ValueError, match="call `compile"):
        gan.fit(players.dataset(), verbose=0)


def test_the_validation_data_is_let_go_after_training():
    gan, data = players.linear(), kgan.datasets.from_arrays(players.images(), batch_size=16)
    gan.fit(players.dataset(), validation_data=data, verbose=0)
    reference = weakref.ref(data)
    del data
    gc.collect(1)  # All generations would take seconds.
    assert reference() is None


def test_a_batch_is_tested_in_the_order_of_the_names():
    gan = players.linear(penalties=["r1"])
    batch = players.dataset().samples[:16]
    log = gan.test_on_batch(batch, return_dict=True)
    assert gan.test_on_batch(batch) == [log[name] for name in gan.metrics_names]


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, "1"])
def test_a_seed_that_is_out_of_range_is_refused_at_any_time(seed):
    gan = players.linear()
    with pytest.raises(ValueError, match="`seed` must be an integer in"):
        gan.seed = seed
    assert gan.seed == 0


class EvaluatesInMidEpoch(keras.callbacks.Callback):
    """Evaluates after the second batch of each epoch, in both of the ways that Keras has."""

    def __init__(self, data):
        super().__init__()
        self.data = data
        self.found = []

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            self.found.append(self.model.evaluate(self.data, verbose=0, return_dict=True))
            self.model.test_on_batch(self.data.samples[:8])


def test_evaluation_in_the_middle_of_an_epoch_changes_nothing_of_training():
    data = players.dataset()
    plain, watched = players.gan(penalties=["r1"]), players.gan(penalties=["r1"])
    watcher = EvaluatesInMidEpoch(players.dataset(num_samples=32))
    history = plain.fit(data, epochs=2, verbose=0).history
    again = watched.fit(data, epochs=2, verbose=0, callbacks=[watcher]).history
    assert again == history
    assert players.same(players.digest(plain), players.digest(watched))
    assert watched.game_log.count.numpy() == plain.game_log.count.numpy() == 64


def test_evaluation_in_the_middle_of_an_epoch_is_that_of_the_same_weights():
    data = players.dataset(num_samples=32)
    gan = players.linear()
    gan.fit(players.dataset().take(2), verbose=0)
    expected = gan.evaluate(data, verbose=0, return_dict=True)
    watcher = EvaluatesInMidEpoch(data)
    players.linear().fit(players.dataset(), epochs=1, verbose=0, callbacks=[watcher])
    assert watcher.found[0] == expected


def test_reset_metrics_outside_of_evaluation_resets_both_logs():
    gan = players.linear()
    batch = players.dataset().samples[:16]
    gan.train_on_batch(batch)
    gan.test_on_batch(batch)
    assert gan.game_log.count.numpy() == gan.evaluation_log.count.numpy() == 16
    gan.reset_metrics()
    assert gan.game_log.count.numpy() == gan.evaluation_log.count.numpy() == 0


def test_the_game_needs_no_export_metric_data_set_or_architecture():
    names = {name for name in vars(kgan.gan) if not name.startswith("_")}
    assert not names & {"exports", "metrics", "datasets", "architectures", "evaluation"}


def test_the_seed_is_no_part_of_the_weights_of_a_file(tmp_path):
    gan = players.linear(seed=7)
    gan.save_weights(tmp_path / "gan.weights.h5")
    other = players.linear(seed=8)
    other.load_weights(tmp_path / "gan.weights.h5")
    assert other.seed == 8


@pytest.mark.parametrize("penalties", [[], ["r1"]])
def test_single_batches_give_numbers_in_the_order_of_their_names(penalties):
    gan = players.linear(penalties=penalties, metrics=[kgan.metrics.PairwiseDistance("raw")])
    batch = players.dataset().samples[:16]
    values = gan.train_on_batch(batch)
    assert gan.metrics_names[: len(values)] == gan.game_log.names
    named = gan.get_metrics_result()
    assert values[0] == pytest.approx(float(named["discriminator_loss"]))
    values, log = gan.test_on_batch(batch), gan.test_on_batch(batch, return_dict=True)
    assert list(log) == gan.metrics_names
    assert len(values) == len(log)
    assert all(np.isfinite(values))


@pytest.mark.parametrize("name", ["gan.h5", "gan.hdf5", "gan", "gan.weights.h5"])
def test_a_gan_is_saved_to_a_keras_file_or_not_at_all(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end with .keras.*`export`"):
        players.linear().save(tmp_path / name)
    assert not list(tmp_path.iterdir())
