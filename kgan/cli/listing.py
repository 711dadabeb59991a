"""`kgan recipes`."""

import rich.markup
import rich.table

from kgan import recipes
from kgan.cli.saying import command, console

__all__ = ["list_recipes"]

# What a setting is that the recipe chooses.
BY_DATA = "by the data"


@command
def list_recipes(name: str | None = None) -> None:
    """Prints the recipes, or all settings of one."""
    if name is not None:
        _show(name, recipes.get(name))
        return
    table = rich.table.Table("recipe", "what it trains", "length", "batch", box=None)
    for known, recipe in recipes.ALL.items():
        batch_size = BY_DATA if recipe.choose else str(recipe.batch_size)
        table.add_row(known, recipe.summary, _length(recipe), batch_size)
    console.print(table)
    console.print("Each also with labels: kgan train --recipe mnist --conditional")
    console.print("All settings of one: kgan recipes mnist")


def _length(recipe):
    if recipe.choose:
        return BY_DATA
    return f"{recipe.epochs} epochs" if recipe.epochs else f"{recipe.steps:,} steps"


def _value(recipe, setting):
    is_chosen = recipe.choose and setting.name in recipes.CHOSEN
    return BY_DATA if is_chosen else recipes.text(setting.value)


def _show(name, recipe):
    console.print(f"[bold]{name}[/]: {rich.markup.escape(recipe.summary)}")
    lines = {"data": recipe.dataset or "--dataset", "length": _length(recipe)}
    lines |= {"batch": BY_DATA if recipe.choose else str(recipe.batch_size)}
    lines["precision"] = recipe.precision
    for key, value in lines.items():
        console.print(f"  {key:10} {rich.markup.escape(value)}", highlight=False)
    if recipe.choose:
        names = f"{', '.join(recipes.CHOSEN[:-1])} and {recipes.CHOSEN[-1]}"
        console.print(
            f"Unless you set them, it chooses {names} by the data, and says why.", highlight=False
        )
    known = recipes.settings(recipe).values()
    table = rich.table.Table("--set", "here", "what it is, and can be", box=None)
    for setting in known:
        told = rich.markup.escape(setting.says.replace("`", ""))
        table.add_row(
            setting.name,
            rich.markup.escape(_value(recipe, setting)),
            f"{told}\n[dim]{rich.markup.escape(setting.kind)}[/]",
        )
    console.print(table)
    console.print(f"kgan train --recipe {name} --set learning_rate=1e-3 --set ...", highlight=False)
