"""p(y | x) and p(x, y): what each can be asked."""

import numpy as np

from kgan import images
from kgan.theory.demonstrations import digits
from kgan.theory.demonstrations.demonstration import (
    GENERATED,
    REAL,
    Demonstration,
    figure,
)

__all__ = ["discriminative_and_generative"]


def discriminative_and_generative(length: float = 1.0) -> Demonstration:
    """A classifier models p(y | x); a conditional GAN models p(x, y), from which pairs are drawn.

    A classifier that learns from generated pairs alone is scored on real data, next to one that
    learns from as many real pairs (Ravuri and Vinyals 2019, https://arxiv.org/abs/1905.10887,
    the classification accuracy score).

    Args:
        length: the share of the steps, in (0, 1]; about 35 seconds on two CPU cores for 1.

    Returns:
        A `Demonstration`: `accuracy_from_real_pairs` and `accuracy_from_generated_pairs`, on the
        360 held-out digits; `chance` is the share of the most frequent class.
    """
    train, test = digits.data(), digits.data("test")
    gan = digits.game(length, conditional=True)
    drawn, labels = gan.generate(train.num_samples, seed=0)
    real = digits.classifier(train.samples, train.labels, length)
    generated = digits.classifier(drawn, labels, length)
    scores = {
        "real": digits.accuracy(real, test.samples, test.labels),
        "generated": digits.accuracy(generated, test.samples, test.labels),
    }
    numbers = {f"accuracy_from_{name}_pairs": score for name, score in scores.items()}
    numbers["chance"] = max(float(np.mean(test.labels == one)) for one in range(10))
    return Demonstration(numbers, _draw(gan, real, scores), CAPTION)


CAPTION = (
    "Left: a classifier is given an image and says how probable each label is, here for the "
    "held-out digits that it is most and least sure of; it cannot draw. "
    "Middle: a conditional GAN is given a label and draws images of it; with the label drawn "
    "too, it gives pairs. Right: a classifier that has learned from generated pairs alone, next "
    "to one that has learned from as many real pairs; both are scored on 360 real digits that "
    "neither has seen."
)


def _draw(gan, classifier, scores):
    drawn, panels = figure(2, 4, 2.5, 1.8, width_ratios=(0.6, 1, 1.5, 1))
    test = digits.data("test")
    sure = digits.probabilities(classifier, test.samples).max(axis=1)
    clearest, least_clear = np.argmax(sure), np.argmin(sure)
    for (picture, bars, *_), i in zip(panels, (clearest, least_clear), strict=True):
        picture.imshow(test.samples[i, ..., 0], cmap="gray", vmin=-1, vmax=1)
        picture.set_title("x", fontsize="medium")
        picture.axis("off")
        (answer,) = digits.probabilities(classifier, test.samples[i : i + 1])
        bars.bar(range(10), answer, color=REAL)
        bars.set(xticks=range(10), ylim=(0, 1.05))
        bars.set_title("p(y | x)", fontsize="medium")
    panels[1, 1].set_xlabel("label y")
    grid = panels[0, 2].get_gridspec()
    for axes in panels[:, 2:].ravel():
        axes.remove()
    wide = drawn.add_subplot(grid[:, 2])
    labels = np.tile(np.arange(10), 8)
    grid_of_samples = images.to_uint8(images.tile(gan.generate(80, labels, seed=0), 10))[..., 0]
    wide.imshow(grid_of_samples, cmap="gray")
    wide.set_title("drawn from p(x | y)", fontsize="medium")
    side = grid_of_samples.shape[1] / 10
    wide.set_xticks(side * (np.arange(10) + 0.5), labels=[str(label) for label in range(10)])
    wide.set(yticks=[], xlabel="label y")
    wide.spines[:].set_visible(False)
    score = drawn.add_subplot(grid[:, 3])
    score.bar(scores.keys(), scores.values(), color=(REAL, GENERATED), width=0.6)
    for i, one in enumerate(scores.values()):
        score.text(i, one, f"{one:.3f}", ha="center", va="bottom")
    score.set(
        ylim=(0, 1.08),
        yticks=np.linspace(0, 1, 6),
        ylabel="accuracy on real digits",
        xlabel="pairs learned from",
    )
    return drawn
