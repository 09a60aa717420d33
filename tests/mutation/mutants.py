"""Mutants of the accounting core: one small change of its source each, made by the operators of mutmut.

Left out is what cannot change a decision: annotations, type aliases, decorators, imports, slots, the texts of exceptions, memos
and other sentences for people, `strict=` of `zip`, and arguments of `isinstance` and `len`.
"""

import ast
import difflib
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "asiento" / "accounting"
WORDS = "explaining/"
"""What puts decisions into words and decides nothing: sampled only where it is asked for by name."""
_UNTOUCHED = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.Raise, cst.FormattedString)


@dataclass(frozen=True)
class Mutant:
    """One change: the whole `source` of its module after it; `old` and `new` are the lines that differ, without indent."""

    module: Path
    line: int
    function: str
    operator: str
    source: str
    old: str
    new: str

    def __str__(self) -> str:
        minus, plus = ["\n".join(f"  {sign} {line}" for line in text.splitlines()) for sign, text in (("-", self.old), ("+", self.new))]
        return f"{self.module.relative_to(ROOT)}:{self.line} {self.function} ({self.operator})\n{minus}\n{plus}"


@dataclass(frozen=True)
class _Site:
    """A node that an operator changes, in the tree of its module."""

    path: Path
    tree: cst.Module
    meaning: str
    start: int
    line: int
    function: str
    operator: str
    original: cst.CSTNode
    mutated: cst.CSTNode

    def _after(self) -> str:
        """The module's source with the changed node; in place where that is safe, as replacing in the tree takes long."""
        source, old = self.tree.code.encode(), self.tree.code_for_node(self.original).encode()
        end = self.start + len(old)
        if source[self.start : end] == old:
            return (source[: self.start] + self.tree.code_for_node(self.mutated).encode() + source[end:]).decode()
        after = self.tree.deep_replace(self.original, self.mutated)
        assert isinstance(after, cst.Module)
        return after.code

    def mutant(self) -> Mutant | None:
        """The mutant; None where its source does not compile or says the same as before."""
        before, after = self.tree.code, self._after()
        try:
            meant = ast.parse(after)
            compile(meant, str(self.path), "exec")
        except SyntaxError:
            return None
        if ast.dump(meant) == self.meaning:
            return None
        changes = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
        old, new = ("\n".join(one[1:].strip() for one in changes if one[0] == sign) for sign in "-+")
        return Mutant(self.path, self.line, self.function, self.operator, after, old, new)


class _Sites(cst.CSTVisitor):
    """Collects the sites of one module."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self, path: Path, tree: cst.Module) -> None:
        super().__init__()
        self.found: list[_Site] = []
        self._path = path
        self._tree = tree
        self._meaning = ast.dump(ast.parse(tree.code))
        self._scopes: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Collect what the operators make of a node; False = nothing inside of it counts."""
        if isinstance(node, _UNTOUCHED) or _is_sentence(node) or _only_declares(node):
            return False
        line = self.get_metadata(PositionProvider, node).start.line
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                for mutated in operator(node):
                    if not (isinstance(node, cst.Call) and isinstance(mutated, cst.Call) and _changes_a_sentence(node, mutated)):
                        name = operator.__name__.removeprefix("operator_")
                        scope = ".".join(self._scopes)
                        start = self.get_metadata(ByteSpanPositionProvider, node).start
                        self.found.append(_Site(self._path, self._tree, self._meaning, start, line, scope, name, node, mutated))
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scopes.append(node.name.value)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Leave the scope of a function or class."""
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._scopes.pop()


def _is_sentence(node: cst.CSTNode) -> bool:
    """A text for people: memos and reasons have blanks, names and codes have none."""
    return isinstance(node, cst.FormattedString) or (isinstance(node, cst.SimpleString) and " " in node.value)


def _only_declares(node: cst.CSTNode) -> bool:
    match node:
        case cst.AnnAssign(annotation=cst.Annotation(annotation=cst.Name("TypeAlias"))) | cst.Arg(keyword=cst.Name("strict")):
            return True
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name("__slots__" | "__hash__" | "_T"))]):
            return True
        case cst.Call(func=cst.Name("isinstance" | "len")):
            return True
    return False


def _changes_a_sentence(call: cst.Call, mutated: cst.Call) -> bool:
    """Whether the changed or dropped argument is a sentence or `strict=`."""
    kept = {id(arg) for arg in mutated.args}
    changed = [arg for arg in call.args if id(arg) not in kept]
    return bool(changed) and all(_is_sentence(arg.value) or _only_declares(arg) for arg in changed)


def _sites(paths: Iterable[Path]) -> Iterator[_Site]:
    for path in sorted(paths):
        wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))
        visitor = _Sites(path, wrapper.module)
        wrapper.visit(visitor)
        yield from visitor.found


def sample(count: int, seed: int, name: str = "") -> list[Mutant]:
    """`count` mutants (or as many as there are) of the modules whose path in the core contains `name`, in source order.

    No operator makes more than a quarter of them: more than half of all changes are arguments left out or None, and most of
    these any test finds.
    """
    modules = {path: str(path.relative_to(CORE)) for path in CORE.rglob("*.py")}
    sites = list(_sites(path for path, module in modules.items() if name in module and (name or not module.startswith(WORDS))))
    random.Random(seed).shuffle(sites)
    chosen: list[Mutant] = []
    of_operator: Counter[str] = Counter()
    for site in sites:
        if len(chosen) == count:
            break
        mutant = site.mutant() if of_operator[site.operator] < -(-count // 4) else None
        if mutant is not None:
            chosen.append(mutant)
            of_operator[site.operator] += 1
    return sorted(chosen, key=lambda one: (one.module, one.line, one.operator, one.new))
