"""The precision of a training, and which is fast on this machine."""

import pathlib

import tensorflow as tf

__all__ = ["PRECISIONS", "resolve_precision"]

PRECISIONS = ("auto", "float32", "mixed_bfloat16")


def resolve_precision(precision: str) -> str:
    """The Keras dtype policy that `precision` means on this machine."""
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if _has_fast_bfloat16() else "float32"


def _has_fast_bfloat16():
    """Whether bfloat16 is faster than float32 here: on GPUs since Ampere, CPUs with it built in."""
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        return details.get("compute_capability", (0, 0)) >= (8, 0)
    processor = pathlib.Path("/proc/cpuinfo")
    flags = processor.read_text().split() if processor.exists() else []
    return "amx_bf16" in flags or "avx512_bf16" in flags
