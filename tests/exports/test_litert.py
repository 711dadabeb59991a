import keras
import pytest
from generators import contents, layers, network, shake

import kgan


@pytest.mark.usefixtures("_drawn_here")
@pytest.mark.parametrize(
    ("quantize", "size", "num_classes"),
    [
        pytest.param("float16", 0.55, None, marks=pytest.mark.slow),
        pytest.param("dynamic", 0.35, 10, marks=pytest.mark.slow),
        ("int8", 0.35, 10),
        pytest.param("float16", 0.55, 10, marks=pytest.mark.slow),
        pytest.param("dynamic", 0.35, None, marks=pytest.mark.slow),
        pytest.param("int8", 0.35, None, marks=pytest.mark.slow),
    ],
)
def test_quantized_files_are_smaller_and_close(tmp_path, quantize, size, num_classes):
    generator, _ = kgan.architectures.dcgan(
        (28, 28, 1), latent_dim=16, width=16, num_classes=num_classes
    )
    whole = kgan.export(shake(generator), tmp_path / "whole.tflite", "litert")
    small = kgan.export(generator, tmp_path / "small.tflite", "litert", quantize=quantize)
    assert small.size_bytes < size * whole.size_bytes
    assert small.psnr > 30
    assert small.max_difference > whole.max_difference


@pytest.mark.usefixtures("_drawn_here")
def test_a_sequential_generator_is_exported_too(tmp_path):
    rest = [layers.Reshape((4, 4, 4)), layers.Conv2DTranspose(1, 4, 2, padding="same")]
    model = keras.Sequential([keras.Input((4,)), layers.Dense(64), *rest])
    assert kgan.export(model, tmp_path / "g.tflite", "litert").max_difference <= 1e-5


def test_an_operation_that_litert_lacks_is_named_with_its_layer_and_what_to_use(tmp_path):
    up = layers.Conv2DTranspose(3, 3, padding="same", dilation_rate=2, name="dilated")
    with pytest.raises(ValueError, match=r"no operation Conv2DBackpropInput.*of layer 'dilated'"):
        kgan.export(network(up), tmp_path / "g.tflite", "litert")
    with pytest.raises(ValueError, match=r"Use Conv2DTranspose without dilation"):
        kgan.export(network(up), tmp_path / "g.tflite", "litert")
    assert contents(tmp_path) == []
