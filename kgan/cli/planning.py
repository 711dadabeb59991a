"""What `kgan train` is asked for, and what the recipe then chooses by the data."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

from kgan import datasets, recipes, runs

__all__ = ["Plan"]

# What run.json says was asked for, of a recipe that leaves none of it to the data.
OPTIONS = ("dataset", "image_size", "conditional", "epochs", "batch_size", "precision", "seed")
# What it says of one that does, unless more is given.
LEAST = ("dataset", "conditional", "seed")


@dataclasses.dataclass(frozen=True)
class Plan:
    """A recipe, what of it was given, and what was chosen.

    Args:
        name: of the recipe.
        recipe: with all that was given and chosen.
        options: the fields that were given as options, by name.
        settings: what was given by `--set`, by name.
        others: what else was asked for that run.json is to hold.
        choices: what the recipe has chosen by the data.
        usual_steps: how many steps the recipe would choose; None where it chooses none.
        num_held_out: how many samples of a folder are held out.
        seconds_per_step: as measured here; None if it was not.
    """

    name: str
    recipe: recipes.Recipe
    options: dict[str, Any]
    settings: dict[str, Any]
    others: dict[str, Any] = dataclasses.field(default_factory=dict)
    choices: tuple[recipes.Choice, ...] = ()
    usual_steps: int | None = None
    num_held_out: int = 0
    seconds_per_step: float | None = None

    @classmethod
    def of(
        cls,
        name: str,
        options: dict[str, Any],
        settings: Sequence[str] | None,
        others: dict[str, Any],
    ) -> Self:
        """The plan of a command, before any data is read.

        Args:
            name: of the recipe.
            options: fields that are given as options; None where they are not.
            settings: texts such as `"learning_rate=1e-3"`.
            others: what else was asked for.

        Raises:
            ValueError: as `recipes.get` and `recipes.parse`.
        """
        given = {key: value for key, value in options.items() if value is not None}
        recipe = recipes.get(name)
        if given.get("precision") == recipe.precision == "auto":
            del given["precision"]  # It is chosen, once, whether it is asked for or not.
        tuned = recipes.parse(recipe, settings or ())
        plan = cls(name, recipe.with_fields(given | tuned), given, tuned, others)
        return plan if recipe.choose else plan.with_precision()

    def with_precision(self) -> Self:
        """The plan with the precision that "auto" means on this machine, where no step is timed."""
        if self.recipe.precision != "auto":
            return self
        precision = recipes.resolve_precision(self.recipe.precision)
        if not self.recipe.choose:  # It was asked for, and is no choice of the recipe's.
            recipe = self.recipe.with_fields({"precision": precision})
            return dataclasses.replace(self, recipe=recipe)
        reason = "by this machine's arithmetic; a step on several devices is not timed"
        return self.with_choices(recipes.Choice("precision", precision, reason))

    @property
    def given(self) -> set[str]:
        """The names of fields and settings that nothing is chosen for."""
        length = {"epochs", "steps"} if {"epochs", "steps"} & self.options.keys() else set()
        return {*self.options, *self.settings} | length

    @property
    def asked(self) -> dict[str, Any]:
        """What run.json is to hold, and a resumed run is compared by."""
        named = LEAST if self.recipe.choose else OPTIONS
        known = {name: getattr(self.recipe, name) for name in [*named, *self.options]}
        asked = {"recipe": self.name, **recipes.to_json(known)}
        if self.recipe.steps:
            asked = {key: value for key, value in asked.items() if key != "epochs"}
            asked["steps"] = self.recipe.steps
        if self.settings:
            asked["settings"] = recipes.to_json(self.settings)
        return asked | self.others

    def remembering(self, run: runs.Run) -> Self:
        """The plan with what was chosen when the run began; the same plan for a new run."""
        chosen = recipes.from_json(run.chosen)
        chosen = {name: value for name, value in chosen.items() if name not in self.given}
        recipe = self.recipe.with_fields(chosen).with_fields(self.settings)
        return dataclasses.replace(self, recipe=recipe)

    def sized(self) -> Self:
        """The plan with a size of pictures, where the recipe is to choose one."""
        folder = self.recipe.dataset
        is_open = self.recipe.choose and self.recipe.image_size is None
        if folder is None or not is_open or not datasets.is_directory(folder):
            return self
        return self.with_choices(recipes.choose_image_size(folder))

    def fitted(
        self, dataset: datasets.Dataset, held_out: datasets.Dataset | None, *, is_new: bool
    ) -> Self:
        """The plan with what the recipe chooses by the data, where the run is new."""
        recipe, given = self.recipe, self.given
        choices = recipe.choose(dataset, recipe, given) if recipe.choose else []
        usual = next((choice.value for choice in choices if choice.name == "steps"), None)
        number = 0 if held_out is None else held_out.num_samples
        plan = dataclasses.replace(self, usual_steps=usual, num_held_out=number)
        if not is_new:
            return plan
        return plan.with_choices(*recipe.fitted(dataset, list(given))[1])

    def with_choices(self, *choices: recipes.Choice) -> Self:
        """The plan with these choices too."""
        values = {choice.name: choice.value for choice in choices}
        recipe = self.recipe.with_fields(values)
        return dataclasses.replace(self, recipe=recipe, choices=(*self.choices, *choices))

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen, for run.json."""
        return recipes.to_json({choice.name: choice.value for choice in self.choices})
