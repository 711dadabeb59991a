import json

import players
import pytest

from kgan import exports


@pytest.mark.parametrize(
    ("format", "batch_size"),
    [
        pytest.param("litert", 1, marks=pytest.mark.slow),
        ("litert", None),
        ("onnx", 5),
        pytest.param("onnx", None, marks=pytest.mark.slow),
        pytest.param("litert", 5, marks=pytest.mark.slow),
        pytest.param("onnx", 1, marks=pytest.mark.slow),
    ],
)
def test_a_batch_is_of_one_size_or_of_any(tmp_path, format, batch_size):
    path = tmp_path / f"generator{exports.FORMATS[format].suffix}"
    result = players.gan(10).export(path, format, batch_size=batch_size)
    assert set(result.milliseconds) == ({"1", "32"} if batch_size is None else {str(batch_size)})
    described = json.loads(path.with_name(f"{path.name}.json").read_text())
    assert [part["shape"][0] for part in described["inputs"]] == [batch_size] * 2
