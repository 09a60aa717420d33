"""The oracle is worth something only while it owes nothing to the program."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = {"asiento", "schemas", "sources", "streams", "sinks"}
ORACLE = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("test_"))


def _imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module or "")
    return names


def test_there_is_an_oracle() -> None:
    assert {"books", "credits", "goods", "history"} <= {path.stem for path in ORACLE}


@pytest.mark.parametrize("path", ORACLE, ids=lambda path: path.name)
def test_oracle_imports_nothing_of_the_program(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name in _imported(tree):
        assert name.split(".")[0] not in PROGRAM, name
        assert name.split(".")[0] != "tests" or name.startswith("tests.oracle"), name
        assert name.split(".")[0] != "importlib", name
    assert not any(isinstance(node, ast.Name) and node.id == "__import__" for node in ast.walk(tree))
