"""`kgan recipes`."""

import rich.markup
import rich.table

from kgan import recipes
from kgan.cli.saying import command, console

__all__ = ["list_recipes"]


@command
def list_recipes(name: str | None = None) -> None:
    """Prints the recipes, or all settings of one."""
    if name is not None:
        _show(name, recipes.get(name))
        return
    table = rich.table.Table("recipe", "what it trains", "length", "batch", box=None)
    for known, recipe in recipes.ALL.items():
        table.add_row(known, recipe.summary, _length(recipe), str(recipe.batch_size))
    console.print(table)
    console.print("Each also with labels: kgan train --recipe mnist --conditional")
    console.print("All settings of one: kgan recipes mnist")


def _length(recipe):
    return f"{recipe.epochs} epochs" if recipe.epochs else f"{recipe.steps:,} steps"


def _show(name, recipe):
    console.print(f"[bold]{name}[/]: {rich.markup.escape(recipe.summary)}")
    lines = {"data": recipe.dataset or "--dataset", "length": _length(recipe)}
    lines |= {"batch": str(recipe.batch_size), "precision": recipe.precision}
    for key, value in lines.items():
        console.print(f"  {key:10} {rich.markup.escape(value)}", highlight=False)
    if recipe.choose:
        console.print("It chooses by the data, and says why, what is not set.", highlight=False)
    known = recipes.settings(recipe).values()
    table = rich.table.Table("--set", "here", "what it can be", box=None)
    for setting in known:
        table.add_row(
            setting.name,
            rich.markup.escape(recipes.text(setting.value)),
            rich.markup.escape(setting.kind),
        )
    console.print(table)
    console.print(f"kgan train --recipe {name} --set learning_rate=1e-3 --set ...", highlight=False)
