"""What can be known to be wrong before the game begins, said before time is spent on it."""

from kgan.checks.arguments import (
    Rules,
    check_averaging,
    check_compile,
    check_compiled,
    check_generate,
    check_known,
    check_latent_distribution,
    check_positive_integer,
    check_seed,
    check_settings,
)
from kgan.checks.batches import check_batch, check_first_batch, check_labels, check_packs
from kgan.checks.devices import check_scope
from kgan.checks.networks import check_networks
from kgan.checks.training import check_evaluate, check_fit

__all__ = [
    "Rules",
    "check_averaging",
    "check_batch",
    "check_compile",
    "check_compiled",
    "check_evaluate",
    "check_first_batch",
    "check_fit",
    "check_generate",
    "check_known",
    "check_labels",
    "check_latent_distribution",
    "check_networks",
    "check_packs",
    "check_positive_integer",
    "check_scope",
    "check_seed",
    "check_settings",
]
