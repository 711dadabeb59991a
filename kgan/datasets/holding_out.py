"""Samples that nobody trains on, from data that has no test split of its own."""

import numpy as np

from kgan.datasets.dataset import Dataset

__all__ = ["hold_out"]


def hold_out(
    dataset: Dataset, *, share: float = 0.1, most: int = 2000, least: int = 300
) -> tuple[Dataset, Dataset | None]:
    """Splits data into what is trained on and what is held out, always in the same way.

    With labels, each class gives about the same share.

    Args:
        dataset: all of the data.
        share: of the samples that is held out, in (0, 1).
        most: how many are held out at most.
        least: with fewer samples than these, none is held out: each is worth more in training.

    Returns:
        The pair of both data sets; the second is None where nothing is held out.
    """
    number = min(int(share * dataset.num_samples), most)
    if dataset.num_samples < least or not number:
        return dataset, None
    order = np.random.default_rng(0).permutation(dataset.num_samples)
    if dataset.labels is not None:
        order = _in_turns(order, dataset.labels)
    held_out, rest = np.sort(order[:number]), np.sort(order[number:])
    return dataset.subset(rest), dataset.subset(held_out, min(dataset.batch_size, number))


def _in_turns(order, labels):
    """An order in which the first rows have the classes in the proportions of all of them."""
    place = np.empty(len(order))
    for label in np.unique(labels):
        rows = order[labels[order] == label]
        place[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
    return order[np.argsort(place[order], kind="stable")]
