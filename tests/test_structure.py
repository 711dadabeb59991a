import ast
import pathlib
import re

import pytest

import kgan

PACKAGE = pathlib.Path(kgan.__file__).parent

# A module imports only from lower levels, and a folder's files from each other. A file of a folder
# may have a level of its own.
LEVELS = [
    {"files", "lookup", "layers", "protocols"},
    {"features", "images", "losses"},
    {"game"},
    {"augmentation", "checks", "penalties"},
    {"architectures", "datasets", "metrics", "plots", "resumption"},
    {"evaluation", "exports"},
    {"game.model"},
    {"gan"},
    {"callbacks"},
    {"recipes", "runs"},
    {"cli"},
]


def place(module):
    """What LEVELS calls a module: `kgan.datasets.digits` is `datasets`."""
    names = module.split(".")[1:]
    return next(
        name
        for name in (".".join(names[:2]), names[0])
        if any(name in level for level in LEVELS) or name == names[0]
    )


def level(module):
    """The number of a module's level."""
    return next(i for i, names in enumerate(LEVELS) if place(module) in names)


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def imported(path):
    """The modules of kgan that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("kgan."))
        elif isinstance(node, ast.ImportFrom) and node.module == "kgan":
            yield from (f"kgan.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kgan."):
            yield node.module


def test_every_module_imports_only_from_lower_levels():
    wrong = []
    for module, path in modules():
        if module == "kgan":
            continue
        for other in imported(path):
            if place(other) != place(module) and not level(other) < level(module):
                wrong.append(f"{module} (level {level(module)}) imports {other} ({level(other)})")
    assert not wrong


def test_the_level_of_every_module_is_known():
    assert {place(module) for module, _ in modules() if module != "kgan"} == set().union(*LEVELS)


def test_the_public_surface_is_what_all_says():
    public = {name for name in vars(kgan) if not name.startswith("_")}
    inner = {name for names in LEVELS for name in names} - set(kgan.__all__)
    assert public - inner == set(kgan.__all__)
    assert all(getattr(kgan, name) is not None for name in kgan.__all__)


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
def test_no_module_is_a_drawer(name):
    assert not [module for module, _ in modules() if module.endswith(f".{name}")]


def test_no_function_is_longer_than_forty_lines():
    long = []
    for module, path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                docstring = len((ast.get_docstring(node) or "").splitlines())
                if node.end_lineno - node.lineno + 1 - docstring > 40:
                    long.append(f"{module}.{node.name}")
    assert not long


def test_everything_public_has_a_docstring():
    bare = []
    for module, path in modules():
        tree = ast.parse(path.read_text())
        public = (ast.FunctionDef, ast.ClassDef, ast.Module)
        for node in [tree, *(node for node in tree.body if isinstance(node, public))]:
            name = getattr(node, "name", "")
            if not name.startswith("_") and not ast.get_docstring(node):
                bare.append(f"{module}.{name}")
    assert not bare


def test_everything_that_is_saved_is_registered_under_kgan():
    pattern = re.compile(r"^@keras\.saving\.register_keras_serializable\(\"kgan\"\)$", re.M)
    count = sum(len(pattern.findall(path.read_text())) for _, path in modules())
    from keras.saving import get_custom_objects

    registered = [name for name in get_custom_objects() if name.startswith("kgan>")]
    assert len(registered) == count
