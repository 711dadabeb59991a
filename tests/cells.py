"""The cells of the notebooks."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).parent.parent / "notebooks"


def code_cells(path):
    """`(source, tags)` of the cells that hold code."""
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"]), cell["metadata"].get("tags", [])
