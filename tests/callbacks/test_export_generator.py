import numpy as np
import players
import pytest
import tensorflow as tf
from generators import contents

import kgan


def test_reference_images_of_another_shape_are_refused_before_training(tmp_path):
    gan = players.linear()
    callback = kgan.callbacks.ExportGenerator(tmp_path, reference_images=np.zeros((64, 4, 4, 1)))
    with pytest.raises(ValueError, match="`reference_images` must be at least 64 images like"):
        gan.fit(players.dataset(), verbose=0, callbacks=[callback])
    assert int(gan.step) == 0


# Callback


@pytest.mark.slow
@pytest.mark.usefixtures("_drawn_here")
def test_the_callback_exports_when_training_ends_and_in_between(tmp_path):
    gan = players.linear()
    callback = kgan.callbacks.ExportGenerator(
        tmp_path, ["tf_saved_model", "litert"], every_epochs=2, quantize=["none", "float16"]
    )
    gan.fit(players.dataset(), epochs=3, verbose=0, callbacks=[callback])
    assert contents(tmp_path / "generator") == ["1", "2"]
    names = ["generator", "generator_2", "generator_float16", "generator_float16_2"]
    assert [path.stem for path in sorted(tmp_path.glob("*.tflite"))] == names
    assert len(callback.proofs) == 6
    loaded = tf.saved_model.load(str(tmp_path / "generator" / "2"))
    drawn = loaded.signatures["sample"](num_samples=tf.constant(4), seed=tf.constant(3, "int64"))
    np.testing.assert_allclose(drawn["images"], gan.generate(4, seed=3), atol=1e-5)


@pytest.mark.usefixtures("_drawn_here")
def test_the_callback_exports_nothing_if_nothing_was_trained(tmp_path):
    data = players.dataset()
    for _ in range(2):
        callback = kgan.callbacks.ExportGenerator(tmp_path / "exports", ["litert"])
        backup = kgan.callbacks.BackupAndRestore(tmp_path / "backup")
        players.linear().fit(data, epochs=1, verbose=0, callbacks=[backup, callback])
    assert contents(tmp_path / "exports") == [
        "export.json",
        "generator.tflite",
        "generator.tflite.json",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": ["tflite"]}, "`format` must be one of .*Did you mean"),
        ({"quantize": ["int8"]}, "`quantize` is of the format 'litert'"),
        ({"formats": ["litert"], "quantize": ["int4"]}, "Did you mean 'int8'"),
        ({"every_epochs": 0}, "`every_epochs` must be an integer of at least 1"),
    ],
)
def test_impossible_exports_are_refused_when_the_callback_is_created(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        kgan.callbacks.ExportGenerator(tmp_path, **options)
