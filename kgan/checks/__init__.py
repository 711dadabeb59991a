"""What can be known to be wrong before the game begins, said before time is spent on it."""

from kgan.checks.arguments import (
    check_compile,
    check_generate,
    check_latent_distribution,
    check_positive_integer,
    check_seed,
    check_settings,
    result_names,
)
from kgan.checks.batches import check_batch, check_first_batch, unpack, usable_rows
from kgan.checks.networks import check_networks, computes_in_float16, num_classes
from kgan.checks.training import array_batch_size, check_evaluate, check_fit, log_names

__all__ = [
    "array_batch_size",
    "check_batch",
    "check_compile",
    "check_evaluate",
    "check_first_batch",
    "check_fit",
    "check_generate",
    "check_latent_distribution",
    "check_networks",
    "check_positive_integer",
    "check_seed",
    "check_settings",
    "computes_in_float16",
    "log_names",
    "num_classes",
    "result_names",
    "unpack",
    "usable_rows",
]
