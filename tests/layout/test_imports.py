"""The import contract: packages one way, and within each package its rooms one way."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for root in ("dsl", "compiler", "backends")
    for path in sorted((ROOT / root / "weightsmith").rglob("*.py"))
]

# A package may import itself, what is listed here, and packages that are not ours.
ALLOWED: dict[str, set[str]] = {
    "dsl": set(),
    "compiler": {"dsl", "checker"},  # it asks the checker what can be proven; never the reverse
    "checker": {"dsl"},
    "backends": {"dsl", "compiler"},
    "version": set(),
    "network_files": {"version", "dsl", "compiler", "checker", "backends"},
    "executions": {"compiler", "backends"},
    "network": {
        *("dsl", "compiler", "checker", "backends"),
        *("network_files", "executions", "network_text", "presentable", "trainable"),
    },
    "trainable": {"dsl", "backends", "compiler", "executions", "api"},
    "network_text": {"dsl", "compiler", "checker", "backends", "network"},
    "lifting": {"compiler", "backends"},
    "network_page": {"dsl", "compiler", "backends", "network", "api", "cli"},  # cli: the scale
    "presentable": {
        *(
            "backends",
            "network",
            "network_text",
            "network_page",
            "network_plot",
            "cli",
        ),  # cli: bounds
    },
    "network_plot": {"backends", "network", "network_page"},
    "against": {"dsl", "compiler", "checker", "backends", "network", "api", "equality"},
    "equality": {"dsl", "compiler", "checker", "backends", "network_files"},
    "api": {
        *("dsl", "compiler", "checker", "backends"),
        *("network", "network_files", "against", "lifting", "softmax_pairs", "version"),
    },
    "softmax_pairs": {"dsl", "compiler", "checker", "backends", "network", "api"},
    "editor": {"dsl", "compiler"},  # only the command line, which starts it, imports it
    "messages": {"dsl"},
    "cli": {
        *("dsl", "compiler", "checker", "backends"),
        *("api", "editor", "messages", "network_page", "version"),
    },
    "testing": {"against", "api", "cli", "lifting", "network"},
    "pytest_plugin": {"testing"},
    "__main__": {"cli"},
}
# A trained network compiles its script anew, by the face that makes networks; and the text of a
# network, and its page, are in files of their own.
CIRCLE = {
    *("against", "api", "network", "network_text", "network_page", "network_plot"),
    *("presentable", "softmax_pairs", "trainable"),
}

# A room is a folder; its modules may import one another and those of the rooms named here.  They
# stand above it in this table, so there is no arrow back and no circle.  A package's own name is
# the room of its loose modules and of its ``__init__``; a module with a line of its own is a room.
ROOMS: dict[str, str] = {
    # dsl
    "dsl.elementary": "",
    "dsl.elementary.functions": "elementary",
    "dsl.heads": "",
    "dsl.heads.masks": "heads",
    "dsl.heads.normalisations": "heads",
    "dsl.text": "",
    "dsl.numbers": "elementary text",
    "dsl.reading": "elementary text",
    "dsl.formatting": "text reading",
    "dsl.program": "heads text numbers reading",
    "dsl.meaning": "elementary heads text numbers reading program",
    "dsl.checking": "heads text numbers reading program meaning",
    "dsl.printing": "heads text numbers program meaning checking",
    "dsl.running": "heads text numbers program checking printing",
    "dsl": "text numbers reading program checking printing running",
    # checker
    "checker.heads": "",
    "checker.heads.masks": "heads",
    "checker.heads.normalisations": "heads",
    "checker.reading": "heads",
    "checker.balls": "reading",
    "checker.algebra": "reading balls",
    "checker.semantics": "heads reading algebra",
    "checker.networks": "reading algebra semantics",
    "checker.facts": "reading balls semantics",
    "checker.errors": "reading heads balls algebra semantics facts",
    "checker.rewrites": "reading balls algebra semantics",
    "checker.spectra": "reading balls algebra semantics facts",
    "checker.pairs": "heads reading balls algebra semantics networks errors",
    "checker.rules.network": "reading algebra semantics networks facts rewrites",
    "checker.rules.tables": "reading balls algebra semantics facts errors",
    "checker.rules.truncation": "reading balls algebra semantics facts spectra",
    "checker.rules.pairs": "reading balls semantics facts pairs rules.network",
    "checker.rules": "reading facts",
    "checker": (
        "reading balls semantics facts errors pairs rules.network rules.pairs rules.tables rules"
    ),
    # compiler
    "compiler.ir": "",
    "compiler.numbers": "",
    "compiler.pairs": "ir",
    "compiler.passes.normalizing": "ir",
    "compiler.approximate.arguments": "ir numbers passes.normalizing",
    "compiler.approximate.enclosures": "numbers",
    "compiler.approximate.fitting": "numbers approximate.enclosures",
    "compiler.approximate": (
        "ir numbers passes.normalizing approximate.arguments approximate.enclosures "
        "approximate.fitting"
    ),
    "compiler.passes.layers": "ir passes.normalizing",
    "compiler.costs": "ir passes.normalizing",
    "compiler.passes.representing": "ir passes.normalizing passes.layers costs",
    "compiler": "ir passes.normalizing approximate passes.layers passes.representing",
    "compiler.certify.spectra": "ir",
    "compiler.certify.rules": "numbers certify.spectra",
    "compiler.certify": (
        "ir approximate passes.layers passes.representing compiler certify.spectra certify.rules"
    ),
    "compiler.synthesize.families": "numbers",
    "compiler.synthesize.plans": "synthesize.families",
    "compiler.synthesize.requests": "numbers synthesize.families",
    "compiler.synthesize": (
        "numbers approximate.enclosures synthesize.families synthesize.plans synthesize.requests"
    ),
    "compiler.nets": "ir",
    "compiler.reports": "ir numbers approximate costs compiler certify synthesize nets",
    "compiler.choosing": "ir numbers costs compiler certify synthesize reports",
    "compiler.restructure.recurrences": "ir certify.spectra",
    "compiler.restructure.affine_loops": "ir compiler certify.spectra restructure.recurrences",
    "compiler.restructure.polynomials": (
        "ir certify.spectra synthesize.families synthesize.plans restructure.recurrences "
        "restructure.affine_loops"
    ),
    "compiler.restructure": (
        "passes.normalizing costs compiler certify.spectra restructure.recurrences "
        "restructure.affine_loops restructure.polynomials"
    ),
    "compiler.sources": "",
    "compiler.against": "ir",
    "editor": "",
    "equality": "",
    # messages
    "messages": "",
    # cli
    "cli.inputs": "",
    "cli.outputs": "",
    "cli": "inputs outputs",
    "cli.demonstration": "inputs outputs",
    "cli.commands": "inputs outputs demonstration",
    # backends
    "backends.errors": "",
    "backends.data": "errors",
    "backends.template": "errors data",
    "backends.storage": "errors template",
    "backends": "errors data template storage",
    "backends.lift.given": "errors",
    "backends.lift": "errors template lift.given",
    "backends.enclose.matrices": "",
    "backends.measure": "errors data template",
    "backends.enclose.values": "enclose.matrices measure",
    "backends.enclose.answers": "enclose.matrices enclose.values",
    "backends.enclose.equations": "enclose.matrices enclose.values",
    "backends.enclose": (
        "errors data template enclose.matrices measure enclose.values enclose.answers "
        "enclose.equations"
    ),
    "backends.pictures": "data template backends",
    "backends.plan.operations": "",
    "backends.plan.layers": "data template plan.operations",
    "backends.plan": "errors template plan.operations plan.layers",
    "backends.export.base": "errors template storage plan.operations plan.layers plan",
    "backends.export.python": "errors template plan.operations plan export.base",
    "backends.export": (
        "errors data template storage plan.operations plan.layers plan export.base export.python"
    ),
    "backends.torch": "errors data template storage plan.operations",
    "backends.torch.plans": "errors data template plan.operations plan.layers plan torch",
    "backends.torch.sharded": "errors template plan.operations plan torch.plans",
    "backends.trained": "errors data template storage plan.operations",
    "backends.torch.training": "errors data template torch torch.plans trained",
}
MOST = 15  # modules of a room, its ``__init__`` not counted
LARGER: dict[str, int] = {}  # rooms that have more today


def module_of(path: Path) -> str:
    """``dsl.program.core`` for dsl/weightsmith/dsl/program/core.py, ``dsl`` for its __init__."""
    parts = path.relative_to(ROOT).with_suffix("").parts[2:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in SOURCES}


def package_of(module: str) -> str:
    return module.partition(".")[0]


def room_of(module: str) -> str:
    """``dsl.program`` for ``dsl.program.core``; a package is in the room that has its name."""
    return module if module in ROOMS else module.rpartition(".")[0]


def imported_names(text: str) -> Iterator[str]:
    """Every module that a text imports, at its top or inside a function, and names in them."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(text: str) -> set[str]:
    """Our modules among them, without ``weightsmith.``; a name stands for its module."""
    names = (name.split(".")[1:] for name in imported_names(text) if is_ours(name))
    return {next(iter(known_heads(parts)), ".".join(parts)) for parts in names}


def is_ours(name: str) -> bool:
    return name.startswith("weightsmith.")


def known_heads(parts: list[str]) -> list[str]:
    heads = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return [head for head in heads if head in MODULES]


@cache
def imports_of(path: Path) -> frozenset[str]:
    return frozenset(imported_modules(path.read_text(encoding="utf-8")))


def arrows(path: Path) -> set[str]:
    """The other rooms of its package that a file imports."""
    module = module_of(path)
    near = [one for one in imports_of(path) if package_of(one) == package_of(module)]
    return {room_of(one) for one in near} - {room_of(module)}


def allowed_rooms(room: str) -> set[str]:
    package = package_of(room)
    return {one if one == package else f"{package}.{one}" for one in ROOMS[room].split()}


def rooms_with_files() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in SOURCES:
        module = module_of(path)
        if "." in module or path.name == "__init__.py":
            found.setdefault(room_of(module), []).append(path)
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_are_sources() -> None:
    assert len(SOURCES) > 50
    assert {package_of(module) for module in MODULES} == set(ALLOWED)


def test_imports_are_found_wherever_they_stand() -> None:
    text = "def f():\n    from weightsmith.dsl.program import core\nimport weightsmith.api as ws\n"
    assert imported_modules(text) == {"dsl.program.core", "api"}
    assert imported_modules("from weightsmith.dsl import front_end") == {"dsl.front_end"}
    assert imported_modules("from weightsmith.dsl import Source\nimport numpy") == {"dsl"}
    assert room_of("dsl.program.core") == "dsl.program" != room_of("dsl.check")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_imports_only_what_its_package_may(path: Path) -> None:
    package = package_of(module_of(path))
    assert {package_of(one) for one in imports_of(path)} <= ALLOWED[package] | {package}


def test_the_packages_go_one_way() -> None:
    """Taken from below, all but one known circle can be taken away, and what stands on it."""
    left = set(ALLOWED)
    while ends := {one for one in left if not (ALLOWED[one] & left)}:
        left -= ends
    assert left == CIRCLE | {"cli", "testing", "pytest_plugin", "__main__"}


def test_every_folder_is_a_room() -> None:
    assert set(rooms_with_files()) == set(ROOMS)


def test_a_room_may_import_only_rooms_above_it() -> None:
    seen: set[str] = set()
    for room in ROOMS:
        assert allowed_rooms(room) <= seen, room
        seen.add(room)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_imports_only_rooms_that_its_room_may(path: Path) -> None:
    room = room_of(module_of(path))
    if room:
        assert arrows(path) <= allowed_rooms(room)


def test_no_arrow_is_allowed_that_nobody_takes() -> None:
    for room, paths in rooms_with_files().items():
        taken = {one for path in paths for one in arrows(path)}
        assert allowed_rooms(room) == taken, room


def test_a_room_is_not_too_full() -> None:
    modules = [path for path in SOURCES if path.name != "__init__.py"]
    count = Counter(str(path.parent.relative_to(ROOT)) for path in modules)
    assert {folder: many for folder, many in count.items() if many > MOST} == LARGER


def test_only_the_torch_back_end_imports_torch_at_its_top() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = {
            name.split(".")[0]
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
        }
        if "torch" in top:
            assert path.is_relative_to(ROOT / "backends/weightsmith/backends/torch"), path
        assert not top & {"sklearn", "rich"}, path
