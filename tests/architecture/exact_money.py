"""What no code may do that has to do with money: floats in any form, and in the core whatever could differ from run to run."""

import ast
from collections.abc import Iterator

INEXACT_CALLS = frozenset({"float", "round", "complex"})
INEXACT_MODULES = frozenset({"math", "cmath", "decimal", "fractions", "statistics"})
UNSTEADY_MODULES = frozenset({"random", "secrets", "time", "os", "pathlib", "socket", "asyncio", "threading"})
CLOCK_METHODS = frozenset({"now", "utcnow", "today"})
SETS = frozenset({"set", "frozenset"})
ORDERLESS = frozenset({"sorted", "min", "max", "sum", "len", "any", "all", "set", "frozenset"})
"""What may take a set apart: its answer does not depend on the order."""


def inexact(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what) of everything that could make an amount inexact. A constant that says it is SECONDS is none."""
    seconds = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign) and _names_seconds(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() | complex()) if id(node) not in seconds:
                yield node.lineno, "float literal"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node.lineno, "true division"
            case ast.Call(func=ast.Name(id=name)) if name in INEXACT_CALLS:
                yield node.lineno, f"{name}()"
            case ast.Attribute(attr="truediv"):
                yield node.lineno, "true division"
            case ast.Import() | ast.ImportFrom():
                yield from _imported(node, INEXACT_MODULES)
                if isinstance(node, ast.ImportFrom) and any(alias.name == "truediv" for alias in node.names):
                    yield node.lineno, "true division"


def unsteady(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what) of everything by which the same arguments could give another answer: clocks, chance, the order of a set."""
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom():
                yield from _imported(node, UNSTEADY_MODULES)
            case ast.Attribute(attr=name) if name in CLOCK_METHODS:
                yield node.lineno, f"clock: {name}"
            case ast.Call(func=ast.Name(id="hash")):
                yield node.lineno, "hash()"
    yield from _sets_taken_apart(tree)


def _names_seconds(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(target, ast.Name) and target.id.isupper() and "SECONDS" in target.id for target in targets)


def _imported(node: ast.Import | ast.ImportFrom, modules: frozenset[str]) -> Iterator[tuple[int, str]]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for name in names:
        if name.split(".")[0] in modules:
            yield node.lineno, f"import of {name}"


def _sets_taken_apart(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Loops over a set, and lists, tuples, dicts or joins made of one, unless something without order takes them at once.

    Seen are sets that are written where they are used, and names that the function, or the module outside functions, binds
    to one or declares as one.
    """
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    outside = [node for node in ast.walk(tree) if id(node) not in inside]
    shared = set(_names_of_sets(outside))
    for scope in [outside, *[list(ast.walk(function)) for function in functions]]:
        names = shared | set(_names_of_sets(scope))
        harmless = {id(inner) for node in scope for inner in _taken_at_once(node)}
        for node in scope:
            for source in _sources(node):
                if _is_set(source, names) and id(node) not in harmless and id(source) not in harmless:
                    yield source.lineno, "order of a set"


def _taken_at_once(node: ast.AST) -> list[ast.expr]:
    """The parts of a node whose order it does not keep."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in ORDERLESS:
            return arguments
        case ast.Set(elts=elements):
            return elements
    return []


def _sources(node: ast.AST) -> list[ast.expr]:
    """What a node goes through in order."""
    match node:
        case ast.For(iter=source) | ast.Starred(value=source) | ast.YieldFrom(value=source):
            return [source]
        case ast.ListComp(generators=generators) | ast.GeneratorExp(generators=generators) | ast.DictComp(generators=generators):
            return [generator.iter for generator in generators]
        case ast.Call(func=ast.Name(id="list" | "tuple" | "enumerate" | "iter" | "next" | "zip" | "map" | "dict")):
            return node.args
        case ast.Call(func=ast.Attribute(attr="join" | "extend" | "fromkeys")):
            return node.args
    return []


def _is_set(node: ast.expr, names: set[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in SETS
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in names
        case ast.BinOp(left=left, right=right, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return _is_set(left, names) or _is_set(right, names)
    return False


def _names_of_sets(scope: list[ast.AST]) -> Iterator[str]:
    """Names and attributes that are bound to a set, or declared as one."""
    for node in scope:
        match node:
            case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value) if _is_set(value, set()):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), annotation=annotation) if _says_set(annotation):
                yield name
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if _says_set(annotation):
                yield name


def _says_set(annotation: ast.expr) -> bool:
    whole = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return isinstance(whole, ast.Name) and whole.id in SETS
