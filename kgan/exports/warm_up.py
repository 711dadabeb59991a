"""The file by which TF Serving warms a model up: requests that it answers before it takes others.

A TFRecord of `PredictionLog` messages (tensorflow_serving/apis/prediction_log.proto), below
`assets.extra/`. The few fields that a request needs are encoded here, so that an export does not
need the package of the server's protocol buffers; the tests read the file with that.
"""

import pathlib
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

__all__ = ["PATH", "write"]

PATH = "assets.extra/tf_serving_warmup_requests"


def write(path: pathlib.Path, requests: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Writes the file into a SavedModel.

    Args:
        path: the folder of the SavedModel.
        requests: pairs of the name of a signature and a dict from its inputs' names to tensors.
    """
    file = path / PATH
    file.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for signature, inputs in requests:
            writer.write(_prediction_log(signature, inputs))


def _prediction_log(signature, inputs):
    model_spec = _field(1, b"generator") + _field(3, signature.encode())
    request = _field(1, model_spec)
    for name, tensor in inputs.items():
        proto = tf.make_tensor_proto(tensor).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, proto))
    predict_log = _field(1, request)
    return _field(6, predict_log)


def _field(number, content):
    """A field that holds bytes, a string or a message, as protocol buffers write it."""
    length, size = len(content), b""
    while length > 127:
        size += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content
