import ast
import pathlib
import re

import pytest

import kgan

PACKAGE = pathlib.Path(kgan.__file__).parent
TESTS = pathlib.Path(__file__).parent

# A module imports only from lower levels, and a folder's files from each other. A file of a folder
# may have a level of its own.
LEVELS = [
    {"archives", "files", "lookup", "layers", "protocols"},
    {"features", "images", "losses"},
    {"game"},
    {"augmentation", "checks", "penalties"},
    {"architectures", "datasets", "metrics", "plots", "resumption"},
    {"diagnosis", "evaluation", "exports", "game.measured"},
    {"game.model"},
    {"gan"},
    {"callbacks", "theory"},
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
def test_no_module_is_a_catch_all(name):
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


def public_functions(body, prefix=""):
    """The functions and methods that have no underscore before them, and `__init__`, by name."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and (node.name[0] != "_" or node.name == "__init__"):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef) and node.name[0] != "_":
            yield from public_functions(node.body, f"{node.name}.")


def test_everything_public_is_annotated():
    bare = []
    for module, path in modules():
        for name, function in public_functions(ast.parse(path.read_text()).body):
            of = function.args
            given = [
                *of.posonlyargs,
                *of.args,
                *of.kwonlyargs,
                *filter(None, (of.vararg, of.kwarg)),
            ]
            unsaid = [x.arg for x in given if x.annotation is None and x.arg not in ("self", "cls")]
            if unsaid or function.returns is None:
                bare.append(f"{module}.{name}")
    assert not bare


def test_everything_that_is_saved_is_registered_under_kgan():
    pattern = re.compile(r"^@keras\.saving\.register_keras_serializable\(\"kgan\"\)$", re.M)
    count = sum(len(pattern.findall(path.read_text())) for _, path in modules())
    from keras.saving import get_custom_objects

    registered = [name for name in get_custom_objects() if name.startswith("kgan>")]
    assert len(registered) == count


# The tests, folder by folder what the package is.

# Files that are about no module, but about all of a folder, or about something around the package.
OTHER_TESTS = {
    "architectures/test_architectures.py",  # what all of them obey
    "game/test_turns.py",  # simultaneous ones, and the norms of gradients
    "metrics/test_measures.py",  # what all of them share
    "resumption/test_kills.py",  # `kill -9`
    "resumption/test_version_0_1_0.py",  # what that version saved
    "theory/demonstrations/test_demonstrations.py",  # what all of them obey
    "test_browser.py",
    "test_kgan_command.py",
    "test_notebooks.py",
    "test_package.py",
    "test_readme.py",
    "test_replicas.py",  # several devices
    "test_validation.py",  # the doctor and the stopper, by their benchmarks
    "test_saving.py",
    "test_serving.py",
    "test_structure.py",
    "test_tensorflow_internals.py",
    "test_workers.py",  # several processes
}


def test_every_test_folder_is_a_folder_of_the_package():
    folders = {path.parent.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    assert not [folder for folder in folders if not (PACKAGE / folder).is_dir()]


def test_every_test_file_is_named_after_a_module():
    files = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    assert files >= OTHER_TESTS
    unknown = [
        file
        for file in sorted(files - OTHER_TESTS)
        if not (PACKAGE / file.replace("test_", "")).is_file()
    ]
    assert not unknown


PRIVATE = ("tensorflow.python", "keras.src")


def named(path):
    """The full names of what a file imports, or reads as an attribute."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def test_one_file_alone_uses_what_is_private_to_tensorflow_or_keras():
    folders = (PACKAGE, TESTS, TESTS.parent / "benchmarks")
    using = {
        path.relative_to(TESTS.parent).as_posix()
        for folder in folders
        for path in folder.rglob("*.py")
        if any(f"{name}.".startswith(f"{one}.") for name in named(path) for one in PRIVATE)
    }
    assert using == {"tests/tensorflow_internals.py"}
