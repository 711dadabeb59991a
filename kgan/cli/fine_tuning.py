"""`kgan train --from`: a run that starts from the weights of another."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import keras

from kgan import datasets, recipes, runs
from kgan.cli.planning import Plan
from kgan.game import networks, transfer
from kgan.gan import GAN
from kgan.resumption import backups

__all__ = ["FineTuning", "asked", "planned"]


@dataclasses.dataclass(frozen=True)
class FineTuning(recipes.Recipe):
    """A recipe whose networks are those of another GAN, and start from its weights.

    Args:
        source: that GAN; None for a run with a backup, which has the weights.
        template: a GAN whose networks are copied; None where the recipe knows how to make them.
        freeze: how many blocks of the discriminator do not learn, as `transfer.freeze` takes it.
    """

    source: GAN | None = None
    template: GAN | None = None
    freeze: int = 0

    def networks(
        self, sample_shape: tuple[int, ...], num_classes: int | None
    ) -> tuple[keras.Model, keras.Model]:
        """As in `Recipe`, or copies; the first blocks of the discriminator are frozen."""
        if self.template is None:
            generator, discriminator = super().networks(sample_shape, num_classes)
        else:
            generator = keras.models.clone_model(self.template.generator)
            discriminator = keras.models.clone_model(self.template.discriminator)
            for layer in networks.layers(discriminator):
                layer.trainable = True  # The template may be a fine-tuning itself.
        transfer.freeze(discriminator, self.freeze)
        return generator, discriminator

    def build(self, dataset: datasets.Dataset, metrics: Sequence[Any] = ()) -> GAN:
        """As in `Recipe`, with the weights of the source; the optimizers start fresh.

        Raises:
            RunError: if the networks are not for such data.
        """
        _check_data(self.source or self.template, dataset, self.template is not None)
        gan = super().build(dataset, metrics)
        if self.source is not None:
            transfer.transfer(self.source.generator, gan.generator)
            transfer.transfer(self.source.averaged_generator, gan.averaged_generator)
            _check_frozen(gan, transfer.transfer(self.source.discriminator, gan.discriminator))
        return gan


def asked(source: pathlib.Path | None, freeze: int | None, has_data: bool) -> dict[str, Any]:
    """What run.json is to hold of `--from` and `--freeze`.

    Args:
        source: a run's folder, or a .keras file; None where `--from` is not given.
        freeze: a number of blocks, or None.
        has_data: whether a data set or a recipe is given.

    Raises:
        RunError: if one of them is not enough by itself.
    """
    if source is None and freeze is not None:
        raise runs.RunError(
            "--freeze needs --from: without it, there are no trained layers to keep. "
            f"Received: --freeze {freeze}."
        )
    if source is None:
        return {}
    if not has_data:
        raise runs.RunError(
            f"--from needs --dataset, the data to train with. Received: --from {source}."
        )
    found: dict[str, Any] = {"from": str(source.expanduser().resolve())}
    return found if freeze is None else found | {"freeze": freeze}


def planned(plan: Plan, run: runs.Run) -> Plan:
    """The plan with the networks of the GAN that it starts from; others stay as they are.

    A run that has a backup does not need that GAN any more.

    Raises:
        RunError: if that GAN is needed and missing, or has other networks than those asked for.
        ValueError: if `--freeze` leaves no block that learns.
    """
    if "from" not in plan.others:
        return plan
    if backups.find(run.backup) or run.model.exists():
        template = None if "architecture" in run.chosen else runs.find(run.folder, False)[0]
        return _with_networks(plan, template=template)
    path = pathlib.Path(plan.others["from"])
    source = _loaded(path, run)
    recipe = _recipe_of(runs.of(path))
    choices = _choices(source, recipe, plan.recipe.dataset, f"as in {path.name}")
    _check_same(plan, path, source, recipe, choices)
    transfer.freeze(source.discriminator, plan.others.get("freeze", 0))  # Too many: said early.
    plan = _with_networks(plan, source=source, template=None if recipe else source)
    plan = plan.with_choices(*(choice for choice in choices if choice.name not in plan.given))
    # Another architecture than the recipe's has only now the arguments that were given.
    return dataclasses.replace(plan, recipe=plan.recipe.with_fields(plan.settings))


def _with_networks(plan, **gans):
    """The plan with a `FineTuning`: its own recipe chooses nothing about the networks."""
    fields = {field.name: getattr(plan.recipe, field.name) for field in _fields()}
    if choose := plan.recipe.choose:
        fields["choose"] = lambda *args: [one for one in choose(*args) if one.name in fields]
    recipe = FineTuning(**fields | {"network": {}}, **gans, freeze=plan.others.get("freeze", 0))
    return dataclasses.replace(plan, recipe=recipe.with_fields(plan.settings))


def _fields():
    return dataclasses.fields(recipes.Recipe)


def _loaded(path, run):
    try:
        return runs.find(path, compiled=False)[0]
    except runs.RunError as error:
        if run.asked is None:
            raise
        raise runs.RunError(
            f"The run in {run.folder} has no backup yet, so it still needs what it starts from. "
            f"{error}"
        ) from error


def _recipe_of(run):
    """A recipe with the architecture of a run, and its arguments; None if run.json has neither."""
    asked = run.asked or {}
    values = recipes.from_json(run.chosen | asked.get("settings", {}))
    are_copies = "from" in asked and "architecture" not in values
    if asked.get("recipe") not in recipes.ALL or are_copies:
        return None
    recipe = recipes.get(asked["recipe"])
    if "architecture" in values:
        recipe = dataclasses.replace(recipe, architecture=values["architecture"], network={})
    network = {name: value for name, value in values.items() if name in _arguments(recipe)}
    return dataclasses.replace(recipe, network={**recipe.network, **network})


def _arguments(recipe):
    """The arguments of a recipe's architecture, by name."""
    found = recipes.settings(recipe)
    return {name: one.value for name, one in found.items() if one.of == recipe.architecture}


def _choices(source, recipe, dataset, reason):
    """What the networks decide, as choices."""
    values = {"packing": source.packing} if source.packing > 1 else {}
    if recipe:
        values |= {"architecture": recipe.architecture, **recipe.network}
    else:  # The layers are copies, with what they compute in.
        values["precision"] = _precision_of(source)
    shape = source.generator.output_shape[1:]
    if len(shape) == 3 and datasets.takes_image_size(dataset):
        *size, channels = shape
        values["image_size"] = size[0] if size[0] == size[1] else tuple(size)
        if datasets.is_directory(dataset):
            values["channels"] = channels
    return [recipes.Choice(name, value, reason) for name, value in values.items()]


def _precision_of(gan):
    """What the layers of a GAN's generator compute in, as recipes name it."""
    types = {layer.compute_dtype for layer in networks.layers(gan.generator)}
    return "mixed_bfloat16" if "bfloat16" in types else "float32"


def _check_same(plan, path, source, recipe, choices):
    """Raises where other networks are asked for than those of the source."""
    there = {choice.name: choice.value for choice in choices}
    there = {"packing": source.packing} | (_arguments(recipe) if recipe else {}) | there
    of_recipe = {field.name for field in _fields()} - {"architecture", "packing"}
    given = {name: value for name, value in plan.settings.items() if name not in of_recipe}
    given |= {name: value for name, value in plan.options.items() if name in there}
    size = given.get("image_size")
    if isinstance(size, tuple | list) and size[0] == size[1]:
        given["image_size"] = size[0]
    lines = [
        f"\n  {name}: {recipes.text(there.get(name, 'unknown'))} there, {recipes.text(value)} now"
        for name, value in given.items()
        if recipes.text(there.get(name, "unknown")) != recipes.text(value)
    ]
    if source.latent_distribution != "normal":
        lines.append(f"\n  latent_distribution: {source.latent_distribution} there, normal now")
    if lines:
        raise runs.RunError(
            f"--from {path} needs networks like its own, and these are asked for:{''.join(lines)}\n"
            "Nothing was touched; leave out what differs, or train without --from."
        )


def _check_data(gan, dataset, are_copied):
    """Raises where the networks of a GAN, or copies of them, are not for this data."""
    if gan is None:  # A resumed run, whose data is compared with its backup.
        return
    made, given = gan.generator.output_shape[1:], dataset.sample_shape
    if tuple(made) != tuple(given):
        raise runs.RunError(
            f"--dataset must have samples of {_times(made)}, which the networks of --from make. "
            f"Received: samples of {_times(given)}."
        )
    if are_copied and gan.num_classes != dataset.num_classes:
        raise runs.RunError(
            "--from needs the folder of a run if the classes differ: its run.json says how to make "
            "the networks again, which a .keras file does not. Received: a file with "
            f"{gan.num_classes or 'no'} classes, and data with {dataset.num_classes or 'no'} "
            "classes."
        )


def _check_frozen(gan, others):
    """Raises where what reads the labels of a discriminator is new, and could not learn."""
    frozen = {weight.path for weight in gan.discriminator.non_trainable_weights}
    if frozen & set(others):
        raise runs.RunError(
            "--freeze must leave the layer that reads the labels: it is new, and could not learn "
            f"to. Received: {', '.join(sorted(frozen & set(others)))} in a frozen block. Leave out "
            "--freeze or --conditional."
        )


def _times(shape):
    return "×".join(map(str, shape))
