"""The companion package as its source says it is: modules, names, who uses what, and which
formula each piece computes.

Everything is read from the syntax trees, nothing is imported: a page about a module needs none of
what the module needs, and costs a few milliseconds. Sphinx is not needed here either; `source`
makes pages and links of what this module finds.
"""

import ast
import json
import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

PACKAGE = "backprop"
CONTENTS = "chapters/appendix/source"  # the page in the contents that leads to the modules
CLOSED = ("exercises",)  # parts whose source is not shown: it holds the answers
LABEL = re.compile(r"\beq(?:-[a-z0-9]+)+\b")
MAGIC = re.compile(r"^[ \t]*[%!?].*$", re.M)  # what IPython understands and Python does not
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Member:
    """A function, a class, a method or a value of a module.

    Attributes
    ----------
    name : str
        Its name in the module: ``"Network.forward"``.
    node : ast.AST
        Where it is defined.
    """

    name: str
    node: Any

    @property
    def line(self):
        """The line of its ``def`` or ``class``, int from 1; decorators stand above."""
        return self.node.lineno

    @property
    def doc(self):
        """Its docstring, str without common indentation, or ``""``."""
        return (is_described(self.node) and ast.get_docstring(self.node)) or ""

    @property
    def described(self):
        """Whether the module's page has an entry for it: bool.

        Values, what begins with _, and methods that do what the docstring of a class above says
        stand in the source alone.
        """
        parts = self.name.split(".")
        public = not any(part.startswith("_") for part in parts) or parts[-1] == "__call__"
        return is_described(self.node) and public and (len(parts) == 1 or bool(self.doc))


def is_described(node):
    return isinstance(node, (*FUNCTIONS, ast.ClassDef))


@dataclass
class Module:
    """One file of the package.

    Attributes
    ----------
    name : str
        ``"backprop.layers.attention"``.
    path : str
        Its file below the book's folder, with slashes.
    text : str
        Its source.
    members : dict of str to Member
        What it defines, in the order of the source.
    names : dict of str to str
        What a name at the top of the module stands for: ``{"sigmoid":
        "backprop.activations.sigmoid"}``.
    """

    name: str
    path: str
    text: str
    members: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)

    @cached_property
    def tree(self):
        """The syntax tree, ast.Module."""
        return ast.parse(self.text)

    @property
    def doc(self):
        """The docstring, str."""
        return ast.get_docstring(self.tree) or ""

    @property
    def document(self):
        """The name of its page: the path without the suffix."""
        return self.path.removesuffix(".py")

    @property
    def package(self):
        """The package that a relative import in it starts from, str."""
        return self.name if self.path.endswith("__init__.py") else self.name.rpartition(".")[0]

    @property
    def shown(self):
        """Whether it has a page, bool: a package that defines nothing has none."""
        return not self.path.endswith("__init__.py") or any(
            member.described for member in self.members.values()
        )

    def absolute(self, node):
        """The module that an ``import from`` names, str."""
        return absolute(node, self.package)


def absolute(node, package=""):
    """The full name of the module that an ``import from`` in `package` names: str."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


class Companion:
    """The modules of the package below `root`.

    Parameters
    ----------
    root : pathlib.Path
        The book's folder, in which the package is ``code/backprop``. Without one the companion is
        empty.

    Attributes
    ----------
    modules : dict of str to Module
        The modules that may be read, in alphabetical order of their paths.
    """

    def __init__(self, root):
        self.modules = {}
        folder = Path(root) / "code" / PACKAGE
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            if len(parts) > 1 and parts[1] in CLOSED:
                continue
            name = ".".join(parts).removesuffix(".__init__")
            text = path.read_text(encoding="utf8")
            self.modules[name] = Module(name, path.relative_to(root).as_posix(), text)
        for module in self.modules.values():
            self._fill(module)

    def _fill(self, module):
        for node in module.tree.body:
            if isinstance(node, ast.ImportFrom):
                source = module.absolute(node)
                for alias in node.names:
                    module.names[alias.asname or alias.name] = f"{source}.{alias.name}"
            elif is_described(node):
                module.members[node.name] = Member(node.name, node)
                if isinstance(node, ast.ClassDef):
                    for part in node.body:
                        if isinstance(part, FUNCTIONS):
                            name = f"{node.name}.{part.name}"
                            module.members.setdefault(name, Member(name, part))
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    for leaf in ast.walk(target):  # also in a, b = ...
                        if isinstance(leaf, ast.Name) and isinstance(leaf.ctx, ast.Store):
                            module.members.setdefault(leaf.id, Member(leaf.id, node))
        for name in module.members:
            if "." not in name:
                module.names[name] = f"{module.name}.{name}"

    @property
    def pages(self):
        """The modules that have a page: list of Module."""
        return [module for module in self.modules.values() if module.shown]

    def find(self, name, depth=0):
        """Where the thing of that full name is defined.

        Parameters
        ----------
        name : str
            A full name, also by way of a package that imports it: ``"backprop.live.Neuron"``.

        Returns
        -------
        tuple of Module and str, or None
            The module and the name in it, ``""`` for the module itself; None for what is not the
            companion's.
        """
        parts = name.split(".")
        for k in range(len(parts), 0, -1):
            module = self.modules.get(".".join(parts[:k]))
            if module is None:
                continue
            inner = ".".join(parts[k:])
            if not inner or inner in module.members:
                return module, inner
            target = module.names.get(parts[k], "")
            if target and target != ".".join(parts[: k + 1]) and depth < 5:
                return self.find(".".join([target, *parts[k + 1 :]]), depth + 1)
            if len(parts) == k + 2 and parts[k] in module.members:
                return self._inherited(module, parts[k], parts[k + 1], depth)
            return None
        return None

    def _inherited(self, module, kind, name, depth):
        node = module.members[kind].node
        if isinstance(node, ast.ClassDef) and depth < 5:
            for base in node.bases:
                target = isinstance(base, ast.Name) and module.names.get(base.id)
                if target and (found := self.find(f"{target}.{name}", depth + 1)):
                    return found
        return None

    @cached_property
    def modules_by_document(self):
        """The modules that have a page, by its name: dict of str to Module."""
        return {module.document: module for module in self.pages}

    def pages_using(self, module, used):
        """The documents that use a module, by what `uses` found.

        List of str, in the order of the book.
        """
        pages = used.get(module.name, {}).values()
        return sorted({page for found in pages for page in found}, key=document_order)

    def is_class(self, name):
        """Whether the full `name` is that of a class of the companion."""
        found = self.find(name)
        return bool(
            found and found[1] and isinstance(found[0].members[found[1]].node, ast.ClassDef)
        )

    def address(self, name):
        """Where to read about the thing of that full `name`.

        Returns
        -------
        tuple of str, or None
            The document and the place on its page: an entry, or a line of the source; None where
            there is no page.
        """
        found = self.find(name)
        if found is None:
            return None
        module, inner = found
        if not module.shown:  # a package that defines nothing is a part of the contents
            part = module.name.partition(".")[2]
            return None if inner else (CONTENTS, f"companion-{part}" if part else "")
        if not inner:
            return module.document, ""
        member = module.members[inner]
        place = f"{module.name}.{inner}" if member.described else f"line-{member.line}"
        return module.document, place

    @cached_property
    def formulas(self):
        """Which pieces of code name a formula.

        Dict of label to the full names of the pieces, innermost first found.
        """
        found: dict[str, list[str]] = {}
        for module in self.pages:
            members = sorted(module.members.values(), key=lambda member: member.line)
            for k, line in enumerate(module.text.splitlines(), start=1):
                for label in LABEL.findall(line):
                    around = [m for m in members if m.line <= k <= m.node.end_lineno]
                    name = ".".join([module.name, *([around[-1].name] if around else [])])
                    owners = found.setdefault(label, [])
                    if name not in owners:
                        owners.append(name)
        return found

    @cached_property
    def imports(self):
        """What each module imports of the others, also inside its functions.

        Dict of str to list of str.
        """
        found = {}
        for module in self.modules.values():
            names = []
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ImportFrom):
                    source = module.absolute(node)
                    for alias in node.names:
                        target = self.find(f"{source}.{alias.name}") or self.find(source)
                        names += [target[0].name] if target and target[0] is not module else []
            found[module.name] = list(dict.fromkeys(names))
        return found


def document_order(document):
    """A key that sorts documents as the book does: sections by number, the rest behind them.

    In a section that has several pages, those without a number of their own come last.
    """
    numbers = [
        int(part) for part in re.findall(r"(?<![a-z0-9])\d+(?=[_/]|$)", document.replace("_", "/"))
    ]
    return not numbers, [*numbers[1:], *(3 - len(numbers[1:])) * [math.inf]], document


@dataclass
class Scope:
    """What the names of a page stand for, cell after cell.

    Attributes
    ----------
    names : dict of str to str
        Full names of what was imported.
    kinds : dict of str to str
        Full names of the classes that variables are instances of.
    """

    names: dict = field(default_factory=dict)
    kinds: dict = field(default_factory=dict)

    def copy(self):
        return Scope(dict(self.names), dict(self.kinds))

    def forget(self, name):
        self.names.pop(name, None)
        self.kinds.pop(name, None)


class Reader(ast.NodeVisitor):
    """Finds the companion's names in a piece of code; see `links`."""

    def __init__(self, text, companion, scope, module=None):
        self.companion, self.scope, self.module = companion, scope, module
        self.starts, self.lines, self.found, self.around = [0], text.split("\n"), [], []
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def place(self, line, column):
        """The offset in the text of a place that the syntax tree gives in bytes of a line."""
        before = self.lines[line - 1].encode("utf8")[:column].decode("utf8", errors="ignore")
        return self.starts[line - 1] + len(before)

    def note(self, start, length, name):
        if self.companion.address(name):
            self.found.append((start, start + length, name))

    def full(self, node):
        """The full name that an expression stands for, or None."""
        if isinstance(node, ast.Name):
            return self.scope.names.get(node.id)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in self.scope.kinds:
                return f"{self.scope.kinds[node.value.id]}.{node.attr}"
            if isinstance(node.value, ast.Call):
                kind = self.full(node.value.func)
                return f"{kind}.{node.attr}" if kind and self.companion.is_class(kind) else None
            before = self.full(node.value)
            return before and f"{before}.{node.attr}"
        return None

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.split(".")[0] == PACKAGE:
                self.note(self.place(alias.lineno, alias.col_offset), len(alias.name), alias.name)
                self.scope.names[alias.asname or PACKAGE] = alias.name if alias.asname else PACKAGE
            else:
                self.scope.forget(alias.asname or alias.name.split(".")[0])

    def visit_ImportFrom(self, node):
        source = absolute(node, self.module.package if self.module else "")
        start = self.place(node.lineno, node.col_offset)
        written = "." * node.level + (node.module or "")
        at = self.lines[node.lineno - 1].find(
            written, self.lines[node.lineno - 1].find("from ") + 5
        )
        if node.module and at >= 0:
            self.note(self.starts[node.lineno - 1] + at, len(written), source)
        for alias in node.names:
            self.scope.forget(alias.asname or alias.name)
            name = f"{source}.{alias.name}"
            if self.companion.find(name):
                start = self.place(alias.lineno, alias.col_offset)
                self.note(start, len(alias.name), name)
                self.scope.names[alias.asname or alias.name] = name

    def visit_Name(self, node):
        if not isinstance(node.ctx, ast.Load):
            self.scope.forget(node.id)
        elif name := self.scope.names.get(node.id):
            self.note(self.place(node.lineno, node.col_offset), len(node.id), name)

    def visit_Attribute(self, node):
        self.visit(node.value)
        if name := self.full(node):
            end = self.place(node.end_lineno, node.end_col_offset)
            self.note(end - len(node.attr), len(node.attr), name)

    def visit_Assign(self, node):
        self.visit(node.value)
        kind = isinstance(node.value, ast.Call) and self.full(node.value.func)
        for target in node.targets:
            self.visit(target)
            if isinstance(target, ast.Name) and kind and self.companion.is_class(kind):
                self.scope.kinds[target.id] = kind

    def visit_FunctionDef(self, node):
        name = ".".join([*self.around, node.name])
        if self.module and name in self.module.members:
            self.define(node, name)
        elif not self.around:
            self.scope.forget(node.name)
        arguments = node.args
        for part in (*node.decorator_list, arguments, node.returns):
            if part is not None:
                self.visit(part)
        outer, self.scope = self.scope, self.scope.copy()
        for argument in ast.walk(arguments):
            if isinstance(argument, ast.arg):
                self.scope.forget(argument.arg)
        if self.module and self.around and arguments.args[:1] and arguments.args[0].arg == "self":
            self.scope.kinds["self"] = f"{self.module.name}.{self.around[-1]}"
        for part in node.body:
            self.visit(part)
        self.scope = outer

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        if self.module and node.name in self.module.members:
            self.define(node, node.name)
        else:
            self.scope.forget(node.name)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        outer, self.scope = self.scope, self.scope.copy()
        self.around.append(node.name)
        for part in node.body:
            self.visit(part)
        self.around.pop()
        self.scope = outer

    def define(self, node, name):
        """Link a definition in a module's own source to what its page says of it."""
        line = self.lines[node.lineno - 1]
        if self.module.members[name].described and (at := line.find(f" {node.name}")) >= 0:
            start = self.starts[node.lineno - 1] + at + 1
            self.note(start, len(node.name), f"{self.module.name}.{name}")


def links(text, companion, scope, module=None):
    """The names in a piece of code that are the companion's.

    Parameters
    ----------
    text : str
        A code cell, or the source of `module`.
    companion : Companion
        What names may lead to.
    scope : Scope
        What names stand for before; it is brought up to date for the next cell.
    module : Module, optional
        The module that the text is the source of.

    Returns
    -------
    list of tuple of int, int and str
        Where each name begins and ends in `text`, and its full name, in order. Empty where the
        text is no Python.
    """
    for code in (text, MAGIC.sub(lambda line: "#" * len(line.group()), text)):
        try:
            tree = ast.parse(code)
            break
        except SyntaxError:
            continue
    else:
        return []
    if module:
        scope.names.update(module.names)
    reader = Reader(text, companion, scope, module)
    reader.visit(tree)
    return sorted(set(reader.found))


def uses(companion, notebooks):
    """Which pages use what of the companion.

    Parameters
    ----------
    companion : Companion
        The package.
    notebooks : dict of str to pathlib.Path
        The documents of the book that are notebooks, in their order.

    Returns
    -------
    dict of str to dict of str to list of str
        For the full name of each module, what is used of it and by which documents; ``""`` stands
        for the module itself.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for document, path in notebooks.items():
        scope = Scope()
        for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
            if cell["cell_type"] == "code":
                for *_, name in links("".join(cell["source"]), companion, scope):
                    module, inner = companion.find(name)
                    pages = found.setdefault(module.name, {}).setdefault(inner.split(".")[0], [])
                    if document not in pages:
                        pages.append(document)
    return found
