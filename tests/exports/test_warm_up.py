import pytest
import tensorflow as tf

from kgan.exports import warm_up


def test_the_warm_up_requests_are_what_the_servers_protocol_buffers_parse(served):
    prediction_log = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    _, loaded, path = served
    answered = []
    for record in tf.data.TFRecordDataset(str(path / warm_up.PATH)):
        request = prediction_log.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {name: tf.make_ndarray(part) for name, part in request.inputs.items()}
        signature = loaded.signatures[request.model_spec.signature_name]
        for name, spec in signature.structured_input_signature[1].items():
            assert inputs[name].dtype == spec.dtype.as_numpy_dtype
        signature(**{name: tf.constant(part) for name, part in inputs.items()})
        answered.append(request.model_spec.signature_name)
    assert answered == ["serving_default", "sample_seeds", "png"]
