"""The ranks of docs/architecture.md: a room imports only rooms of lower rank, or itself."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tinyprune"

RANKS = {
    "errors": 0,
    "paths": 0,
    "toml_table": 0,
    "tensors": 1,
    "stateful": 1,
    "ir": 1,
    "edges": 1,
    "board": 1,
    "arithmetic": 1,
    "granularity": 1,
    "board_template": 2,
    "emulated": 2,
    "formats": 2,
    "kernels": 2,
    "reference": 2,
    "pruning": 3,
    "frontend": 3,
    "passes": 3,
    "codegen": 3,
    "toolchain": 4,
    "emulators": 4,
    "cycles": 4,
    "flashing": 4,
    "directory": 4,
    "tuning": 5,
    "profiling": 5,
    "source": 5,
    "report": 6,
    "validation": 6,
    "project": 6,
    "pruned_file": 6,
    "compression": 6,
    "limits": 7,
    "lowering": 7,
    "saved_builds": 8,
    "checking": 9,
    "doctor": 9,
    "advice": 9,
    "allocation": 8,
    "sensitivity_file": 9,
    "exporting": 9,
    "pipeline": 9,
    "comparing": 9,
    "console": 9,
    "cli_advise": 10,
    "cli_sensitivity": 10,
    "cli_boards": 10,
    "cli_check": 10,
    "cli_doctor": 10,
    "cli_export": 10,
    "cli_flash": 10,
    "cli_report": 10,
    "cli_prune": 10,
    "cli": 10,
    "cli_profile": 10,
    "__main__": 11,
}
# Values that flow from one room of a rank to the next: what a room hands on, its neighbour may import.
NEIGHBOURS = {
    ("toml_table", "errors"),
    ("ir", "tensors"),
    ("ir", "stateful"),
    ("stateful", "tensors"),
    ("arithmetic", "ir"),
    ("edges", "ir"),
    ("reference", "formats"),
    ("kernels", "formats"),
    ("kernels", "reference"),
    ("emulators", "toolchain"),
    ("cycles", "emulators"),
    ("validation", "report"),
    ("comparing", "pipeline"),
    ("cli", "cli_advise"),
    ("cli", "cli_sensitivity"),
    ("cli", "cli_boards"),
    ("cli", "cli_check"),
    ("cli", "cli_doctor"),
    ("cli", "cli_export"),
    ("cli", "cli_flash"),
    ("cli", "cli_report"),
    ("cli", "cli_prune"),
    ("cli", "cli_profile"),
}
TENSORFLOW_ROOMS = {"frontend", "pruning"}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path) -> list[str]:
    """Every module that `file` imports, at once or lazily."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{name.name}" for name in node.names]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_a_room_imports_only_lower_ranks(file: Path) -> None:
    here = room(file)
    if here == "__init__":
        return
    for module in imports(file):
        if not module.startswith("tinyprune."):
            continue
        there = module.split(".")[1]
        if there in ("__version__", here):
            continue
        allowed = RANKS[there] < RANKS[here] or (here, there) in NEIGHBOURS
        assert allowed, f"{here} (rank {RANKS[here]}) imports {there} (rank {RANKS[there]})"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_tensorflow_is_imported_in_two_rooms_only(file: Path) -> None:
    for module in imports(file):
        if module.split(".")[0] in ("tensorflow", "keras"):
            assert room(file) in TENSORFLOW_ROOMS


def test_every_room_has_a_rank() -> None:
    assert {room(file) for file in FILES} - {"__init__"} == set(RANKS)


def test_files_stay_small() -> None:
    long = {f.name: n for f in FILES if (n := len(f.read_text(encoding="utf-8").splitlines())) > 300}
    assert long == {}
