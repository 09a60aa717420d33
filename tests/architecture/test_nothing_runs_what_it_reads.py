"""No data becomes code, no shell, no unchecked TLS, no YAML but the bounded reader's: what a scan of the sources can show."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_house import MODULES, ROOT

FORBIDDEN_MODULES = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle"}
FORBIDDEN_BUILTINS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {
    ("os", "system"),
    ("os", "popen"),
    ("subprocess", "getoutput"),
    ("subprocess", "getstatusoutput"),
    ("ssl", "CERT_NONE"),
    ("ssl", "CERT_OPTIONAL"),
    ("ssl", "_create_unverified_context"),
    ("ssl", "_create_stdlib_context"),
    ("yaml", "load"),
    ("yaml", "load_all"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("yaml", "safe_load"),
    ("yaml", "Loader"),
    ("yaml", "UnsafeLoader"),
    ("yaml", "FullLoader"),
    ("importlib", "import_module"),
    ("runpy", "run_path"),
}
FUNCTION_WRITER = ROOT / "schemas/compiled.py"
"""Makes functions of our own declared schemas; names stand in their source as literals, or were checked to be names."""
FORBIDDEN_WORDS = {("shell", "True"), ("verify", "False"), ("ssl", "False"), ("check_hostname", "False")}
YAML_READER = ROOT / "asiento/runtime/yaml_files.py"
SOURCES = [*MODULES, *sorted((ROOT / "bench").rglob("*.py"))]


def faults_of(tree: ast.AST, path: Path) -> Iterator[str]:
    """What a module does that none may."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (f"{node.lineno}: imports {name}" for name in names if name.split(".")[0] in FORBIDDEN_MODULES)
            if path != YAML_READER:
                yield from (f"{node.lineno}: reads YAML by itself" for name in names if name.split(".")[0] == "yaml")
            if isinstance(node, ast.ImportFrom):
                yield from (f"{node.lineno}: {node.module}.{a.name}" for a in node.names if (node.module, a.name) in FORBIDDEN_ATTRIBUTES)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in FORBIDDEN_ATTRIBUTES:
            yield f"{node.lineno}: {node.value.id}.{node.attr}"
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_BUILTINS and path != FUNCTION_WRITER:
                yield f"{node.lineno}: calls {node.func.id}"
            yield from (
                f"{node.lineno}: {word.arg}={ast.unparse(word.value)}"
                for word in node.keywords
                if (word.arg, ast.unparse(word.value)) in FORBIDDEN_WORDS
            )
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Attribute) and one.attr == "check_hostname" for one in node.targets):
            yield f"{node.lineno}: sets check_hostname"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_runs_nothing_that_it_reads(path: Path) -> None:
    assert list(faults_of(ast.parse(path.read_text(encoding="utf-8")), path)) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from marshal import loads",
        "import yaml",
        "import yaml\nyaml.load(x, Loader=yaml.Loader)",
        "eval(x)",
        "exec(x)",
        "__import__(x)",
        "subprocess.run(x, shell=True)",
        "import os\nos.system(x)",
        "from os import system",
        "context.check_hostname = False",
        "context.verify_mode = ssl.CERT_NONE",
        "httpx.get(x, verify=False)",
        "session.get(x, ssl=False)",
        "importlib.import_module(x)",
    ],
)
def test_the_scan_sees(code: str) -> None:
    assert list(faults_of(ast.parse(code), Path("somewhere.py")))
