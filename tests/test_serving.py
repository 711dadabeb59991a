"""The requests on the page about TF Serving: parsed as the server does, answered by an export."""

import json
import pathlib
import re

import generators
import numpy as np
import players
import pytest
import tensorflow as tf

from kgan.exports import proof

ROOT = pathlib.Path(__file__).parent.parent
PAGE = ROOT / "saved_models" / "README.md"
REQUESTS = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.S)]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    gan = players.gan()
    path = tmp_path_factory.mktemp("served") / "1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "_draw", generators.draw_here)
        gan.export(path)
    return gan, tf.saved_model.load(str(path)).signatures


def from_rest(request, signature):
    """The inputs of a REST request: by column in `inputs`, or by row in `instances`."""
    if "inputs" in request:
        columns = request["inputs"]
    else:
        rows = request["instances"]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
    specs = signature.structured_input_signature[1]
    return {name: tf.constant(values, specs[name].dtype) for name, values in columns.items()}


@pytest.mark.parametrize("request_", [r for r in REQUESTS if "signature_name" in r])
def test_a_request_by_rest_is_answered(served, request_):
    gan, signatures = served
    signature = signatures[request_["signature_name"]]
    answer = signature(**from_rest(request_, signature))
    if request_["signature_name"] == "sample":
        np.testing.assert_allclose(answer["images"], gan.generate(4, seed=0), atol=1e-5)
    elif request_["signature_name"] == "sample_seeds":
        np.testing.assert_allclose(answer["images"], gan.generate(seeds=[7, 8, 9]), atol=1e-5)
    else:
        assert answer["png_bytes"][0].numpy().startswith(b"\x89PNG")


def test_all_signatures_but_the_default_are_shown():
    shown = {request.get("signature_name") for request in REQUESTS} - {None}
    assert shown == {"sample", "sample_seeds", "png"}


@pytest.mark.parametrize("request_", [r for r in REQUESTS if "modelSpec" in r])
def test_a_request_by_grpc_is_answered(served, request_):
    predict = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    from google.protobuf import json_format

    gan, signatures = served
    parsed = json_format.ParseDict(request_, predict.PredictRequest())
    inputs = {name: tf.constant(tf.make_ndarray(part)) for name, part in parsed.inputs.items()}
    answer = signatures[parsed.model_spec.signature_name](**inputs)
    np.testing.assert_allclose(answer["images"], gan.generate(4, seed=0), atol=1e-5)


def test_the_requests_of_the_notebook_are_answered_alike(served):
    predict = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    from google.protobuf import json_format

    cells = json.loads((ROOT / "notebooks" / "02_export.ipynb").read_text())["cells"]
    text = "".join(
        part for cell in cells for part in cell["source"] if "markdown" in cell["cell_type"]
    )
    rest, grpc = (
        json.loads(found) for found in re.findall(r"```\n(?:POST.*?\n)?(\{.*?)```", text, re.S)
    )
    gan, signatures = served
    signature = signatures["sample_seeds"]
    parsed = json_format.ParseDict(grpc, predict.PredictRequest())
    assert rest["signature_name"] == parsed.model_spec.signature_name == "sample_seeds"
    for seeds in (from_rest(rest, signature)["seeds"], tf.make_ndarray(parsed.inputs["seeds"])):
        answer = signature(seeds=tf.constant(seeds))
        np.testing.assert_allclose(answer["images"], gan.generate(seeds=[7, 8]), atol=1e-5)


def test_the_request_in_python_is_the_one_in_json():
    predict = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    from google.protobuf import json_format

    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    sent = []

    class Stub:
        def __init__(self, channel):
            pass

        def Predict(self, request):
            sent.append(request)
            raise ConnectionError

    setting_up = program.replace("stub = prediction_service_pb2_grpc", "stub = grpc_of_the_test")
    with pytest.raises(ConnectionError):
        exec(setting_up, {"grpc_of_the_test": type("", (), {"PredictionServiceStub": Stub})})
    (in_json,) = [r for r in REQUESTS if "modelSpec" in r]
    in_json = json_format.ParseDict(in_json, predict.PredictRequest())
    assert sent[0].model_spec == in_json.model_spec
    for name, tensor in in_json.inputs.items():
        np.testing.assert_array_equal(
            tf.make_ndarray(tensor), tf.make_ndarray(sent[0].inputs[name])
        )
    assert set(sent[0].inputs) == set(in_json.inputs)
