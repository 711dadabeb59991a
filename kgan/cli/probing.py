"""How fast a game is on this machine, from a few of its steps."""

import dataclasses
import time
from typing import Any

import keras
import tensorflow as tf

from kgan import checks, recipes
from kgan.cli.planning import Plan
from kgan.cli.saying import console
from kgan.datasets import Dataset
from kgan.gan import GAN

__all__ = ["built", "seconds_per_step"]

# How many executions are timed, after the one that traces.
NUM_TIMED = 3
# After so many seconds no further one is.
LONG_ENOUGH = 3.0
# bfloat16 is chosen where a step takes at most this share of one in float32. Nearer to 1 the same
# command would choose now one and now the other, which are different games.
WORTH_IT = 0.8
# bfloat16 is not tried for a training of so many seconds in float32: to compile the step once more,
# half a minute on a GPU, takes longer than it can save. (Near to that, too, chance may decide.)
SOON_DONE = 60.0


def built(plan: Plan, dataset: Dataset, metrics: list[Any]) -> tuple[GAN, Plan]:
    """The GAN of a plan, and the plan with what a step takes here, and the fastest precision.

    A recipe that leaves the precision open gets bfloat16 where the processor has arithmetic for it
    and a step of this game is much faster with it. Only recipes that choose by the data are
    measured. Short trainings stay in float32.
    """
    if not plan.recipe.choose:
        return _checked(plan.recipe, dataset, metrics), plan
    is_open = plan.recipe.precision == "auto"
    fastest = recipes.resolve_precision(plan.recipe.precision)
    candidates = ["float32", fastest] if is_open and fastest != "float32" else [fastest]
    measured: dict[str, float] = {}
    gans = {}
    steps = plan.recipe.num_epochs * dataset.steps_per_epoch
    for precision in candidates:
        recipe = plan.recipe.with_fields({"precision": precision})
        gans[precision] = _checked(recipe, dataset, metrics)
        with console.status(f"measuring how long a step takes in {precision}"):
            measured[precision] = seconds_per_step(gans[precision], dataset)
        if measured[precision] * steps < SOON_DONE:
            break
    first = measured[candidates[0]]
    is_worth_it = measured.get(fastest, first) <= WORTH_IT * first
    best = fastest if is_worth_it else candidates[0]
    keras.config.set_dtype_policy(best)  # The last one built was perhaps another.
    if is_open:
        reason = ", ".join(f"{value:.2g} s a step in {one}" for one, value in measured.items())
        if len(candidates) == 1:
            reason = "this machine has no fast bfloat16 arithmetic"
        elif len(measured) == 1:
            reason += ", soon done"
        plan = plan.with_choices(recipes.Choice("precision", best, reason))
    return gans[best], dataclasses.replace(plan, seconds_per_step=measured[best])


def _checked(recipe, dataset, metrics):
    """The GAN, if it can be trained on this data: nothing is timed or written before that."""
    gan = recipe.build(dataset, metrics)
    checks.check_fit(gan, dataset)
    return gan


def seconds_per_step(gan: GAN, dataset: Dataset) -> float:
    """The median time of a step, in seconds. The game is afterwards as it was.

    Args:
        gan: a compiled GAN, whose step is traced here if it was not.
        dataset: what it is about to be trained on.
    """
    before = [(variable, variable.numpy()) for variable in _variables(gan)]
    train = gan.make_train_function()
    stream = iter(dataset.from_step(0))
    times: list[float] = []
    while len(times) < 1 + NUM_TIMED and sum(times[1:]) * gan.steps_per_execution < LONG_ENOUGH:
        began = time.perf_counter()
        train(stream)
        gan.step.numpy()  # Waits for the step.
        times.append((time.perf_counter() - began) / gan.steps_per_execution)
    for variable, value in before:
        variable.assign(value)
    return sorted(times[1:])[len(times[1:]) // 2]


def _variables(gan: GAN) -> list[tf.Variable]:
    """All variables that a step changes."""
    optimizers = gan.generator_optimizer.variables, gan.discriminator_optimizer.variables
    return [*gan.variables, *gan.game_log.variables, *optimizers[0], *optimizers[1]]
