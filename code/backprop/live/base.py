r"""What the live figures share: the base class, the bundling of their JavaScript, and traits that
hold numbers.

A figure is a folder: a Python class whose state is plain traits, a JavaScript module that draws it,
and its style. The module computes with ``shared/engine.js`` what the companion computes in Python,
so a figure is alive with a kernel (JupyterLab) and without (the built book).
"""

from __future__ import annotations

import base64
import inspect
import io
import re
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

HERE = Path(__file__).parent
DPI = 144  # of the picture: two dots a CSS pixel
SHARED = HERE / "shared"  # what several figures import
# what a notebook keeps of a figure, see `LiveFigure.to_store`
STORED = "application/vnd.backprop.figure+json"


class LiveFigure(anywidget.AnyWidget):
    """An anywidget made of one JavaScript module, with a picture and a description for where no
    JavaScript runs.

    A subclass names its ``module``, declares its state as traits tagged ``sync=True``, and writes
    `draw` and `describe`. A style sheet of the module's name beside it (``neuron/figure.css``) is
    added to ``shared/style.css`` for that figure alone. A trait tagged ``constant=True`` is the same
    in every figure of the class, such as a table of data: it goes to the page, but no notebook stores
    it.

    Displayed, a figure has four mime types: the widget's view for a running kernel, and
    ``image/png``, ``text/plain`` and `STORED` for the notebook file. JupyterLab, GitHub and
    nbconvert show the first type of a list of their own that they know: the view before the
    picture, and `STORED` never, since nobody but the book's builder knows it. So the file must not
    keep the view, whose widget dies with the kernel: ``code/book/notebooks.py`` drops it, and the
    picture stands there until the cell runs again. nbval leaves views out of its comparison, and
    compares what is stored with what a new run gives.

    A name that the figure does not know is an error, in the constructor (TypeError) and in an
    assignment (AttributeError).

    Parameters
    ----------
    **state : object
        Values of traits by name; those not given have their defaults.

    Raises
    ------
    TypeError
        If the class has no trait of that name.
    traitlets.TraitError
        If a value does not suit its trait.
    """

    module = ""  # name of the JavaScript module beside the file of the class, or a path
    width = 720  # of the static picture, in CSS pixels

    def __init_subclass__(cls, **kwargs):
        if "module" in vars(cls):
            module = Path(inspect.getfile(cls)).parent / cls.module
            own = module.with_suffix(".css")
            cls._esm = bundle(module)
            cls._css = (SHARED / "style.css").read_text(encoding="utf-8") + (
                own.read_text(encoding="utf-8") if own.is_file() else ""
            )
        super().__init_subclass__(**kwargs)

    def __init__(self, **state):
        unknown = [n for n in state if not (n.startswith("_") or self.has_trait(n))]
        if unknown:
            own = inspect.signature(type(self).__init__).parameters.values()
            taken = [p.name for p in own if p.name != "self" and p.kind is not p.VAR_KEYWORD]
            raise TypeError(
                f"{type(self).__name__} takes no {' and no '.join(map(repr, unknown))}; "
                f"it takes {', '.join(taken + self.settable())}"
            )
        super().__init__(**state)

    def __setattr__(self, name, value):
        known = hasattr(getattr(type(self), name, None), "__set__")  # a trait or a property
        if not (known or name.startswith("_") or hasattr(anywidget.AnyWidget, name)):
            raise AttributeError(
                f"{type(self).__name__} has no {name!r} to set; it has {', '.join(self.settable())}"
            )
        super().__setattr__(name, value)

    @classmethod
    def public_traits(cls) -> dict[str, traitlets.TraitType]:
        """Return the figure's own traits that its page knows, without the plumbing of widgets."""
        plumbing = anywidget.AnyWidget.class_trait_names()
        traits = cls.class_traits(sync=True)
        return {n: t for n, t in traits.items() if n not in plumbing and not n.startswith("_")}

    @classmethod
    def settable(cls) -> list[str]:
        """Return the names that a reader may give a value."""
        return [name for name, trait in cls.public_traits().items() if not trait.read_only]

    def to_store(self) -> dict:
        """Return what a notebook keeps of the figure beside its picture and its sentence.

        Returns
        -------
        dict
            ``{"figure": name of the class, "state": {name: value}}``, the values of all
            `public_traits` but the constant ones, as the page gets them. Module and style are the
            package's: who shows the figure takes them from the class.
        """
        names = [n for n, t in self.public_traits().items() if not t.metadata.get("constant")]
        return {"figure": type(self).__name__, "state": self.get_state(names)}

    @classmethod
    def page_state(cls, stored: dict) -> dict:
        """Return what the page of a stored figure starts from: what was stored, and the constants.

        Parameters
        ----------
        stored : dict
            The ``"state"`` of `to_store`, perhaps written by an older version of the class.

        Returns
        -------
        dict
            The values of all `public_traits` as the page gets them.

        Raises
        ------
        ValueError
            If a name is none of the class or is missing, or if a value does not suit its trait; the
            message says which.
        """
        figure = cls()
        try:
            wanted = figure.to_store()["state"]
            unknown = sorted(set(stored) - set(wanted))
            missing = sorted(set(wanted) - set(stored))
            if unknown:
                raise ValueError(
                    f"{cls.__name__} stores no {', '.join(map(repr, unknown))}; "
                    f"it stores {', '.join(sorted(wanted))}"
                )
            if missing:
                raise ValueError(f"{cls.__name__} needs {', '.join(map(repr, missing))}, too")
            try:
                with figure.hold_trait_notifications():  # so that they are judged together
                    for name, value in stored.items():
                        figure.set_trait(name, value)
            except traitlets.TraitError as error:
                raise ValueError(f"{cls.__name__} refuses its state: {error}") from None
            constants = [name for name in cls.public_traits() if name not in wanted]
            return {**figure.get_state(constants), **stored}
        finally:
            figure.close()

    def draw(self):
        """Return a `matplotlib.figure.Figure` of the present state: transparent, dark ink."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return one or two sentences that stand for the figure where it cannot be seen: its
        alternative text.
        """
        raise NotImplementedError

    def picture(self) -> bytes:
        """Return `draw` as PNG with the sentence of `describe` below it, the same bytes for the
        same state, whatever style the notebook has set for its own plots.

        The sentence is in the picture because a notebook that nobody has run, on GitHub or as HTML
        of nbconvert, shows the one type of output that it likes best, and no text beside it.
        """
        with style.context("default"):
            drawn = pixels(self.draw())
            said = pixels(caption(self.describe(), drawn.width))
        whole = Image.new("RGBA", (drawn.width, drawn.height + said.height))
        whole.paste(drawn, (0, 0))
        whole.paste(said, (0, drawn.height))
        png = io.BytesIO()
        whole.save(png, format="png")
        return png.getvalue()

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data[STORED] = self.to_store()
        data["image/png"] = base64.b64encode(self.picture()).decode("ascii")
        data["text/plain"] = self.describe()
        return data, {**metadata, "image/png": {"width": self.width, "alt": data["text/plain"]}}


def pixels(figure: Figure) -> Image.Image:
    """Return a figure as a picture of 144 dots an inch, transparent where nothing is drawn."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=DPI, transparent=True)
    return Image.open(png).convert("RGBA")


def caption(sentence: str, width: int) -> Figure:
    """Return `sentence` as a figure `width` dots wide and as high as its lines need."""
    from ..plots import INK

    figure = Figure(figsize=(width / DPI, 4), dpi=DPI)
    FigureCanvasAgg(figure)
    look: dict[str, Any] = {"fontsize": 9.5, "color": INK, "va": "top", "linespacing": 1.35}
    text = figure.text(0.01, 0.99, sentence, wrap=True, parse_math=False, **look)
    height = text.get_window_extent().height / DPI + 0.25
    figure.set_size_inches(width / DPI, height)
    text.set_position((0.01, 1 - 0.08 / height))
    return figure


class Restartable(LiveFigure):
    """A figure that keeps the way back: the `start` it was made with, the `history` of its steps."""

    history = traitlets.List(traitlets.Float()).tag(sync=True)
    start = traitlets.Dict().tag(sync=True)  # what reset goes back to

    def reset(self) -> None:
        """Go back to the state that the figure was made with."""
        with self.hold_sync(), self.hold_trait_notifications():
            self.history = []
            for name, value in self.start.items():
                setattr(self, name, value)


class Number(traitlets.Float):
    """A finite number in [low, high], both ends included. Accepts NumPy's scalars too."""

    def __init__(self, default: float, low: float = -np.inf, high: float = np.inf):
        self.low, self.high = low, high
        super().__init__(default)
        self.tag(sync=True)

    def validate(self, obj, value):
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise traitlets.TraitError(f"{self.name} must be a number, not {value!r}") from None
        check_range(str(self.name), np.asarray(number), self.low, self.high)
        return number


class Array(traitlets.TraitType):
    """A float64 array of one shape, its entries finite and in [low, high].

    Takes anything that NumPy turns into such an array and reads back as a *read-only* array: a
    change of one entry goes unnoticed, so copy, change and assign (``W = figure.W1.copy(); W[0, 2]
    = 1; figure.W1 = W``). Synced with the page as nested lists.
    """

    def __init__(self, default, low: float = -np.inf, high: float = np.inf):
        self.low, self.high = low, high
        default = frozen(default)
        self.shape = default.shape
        super().__init__(default)
        self.tag(sync=True, to_json=lambda value, widget: value.tolist())

    def validate(self, obj, value):
        try:
            array = frozen(value)
        except (TypeError, ValueError):
            raise traitlets.TraitError(
                f"{self.name} must be numbers of shape {self.shape}, not {value!r}"
            ) from None
        if array.shape != self.shape:
            raise traitlets.TraitError(
                f"{self.name} must have shape {self.shape}; the value given has shape {array.shape}"
            )
        check_range(str(self.name), array, self.low, self.high)
        return array

    def set(self, obj, value):
        """Assign and notify, but only where an entry differs (``==`` of arrays is no yes or no)."""
        new: np.ndarray = np.asarray(self._validate(obj, value))
        old = obj._trait_values.get(self.name, self.default_value)
        obj._trait_values[self.name] = new
        if not np.array_equal(old, new):
            obj._notify_trait(self.name, old, new)


def frozen(value) -> np.ndarray:
    """Return `value` as a read-only float64 array of its own."""
    array = np.array(value, dtype=np.float64)
    array.flags.writeable = False
    return array


def check_range(name: str, array: np.ndarray, low: float, high: float) -> None:
    """Raise TraitError naming the first entry of `array` that is not finite or not in [low, high]."""
    bad = ~(np.isfinite(array) & (array >= low) & (array <= high))
    if bad.any():
        where = np.argwhere(bad)[0].tolist()
        entry = f"{name}[{', '.join(map(str, where))}]" if where else name
        wanted = f"from {low:g} to {high:g}" if np.isfinite(array[tuple(where)]) else "finite"
        raise traitlets.TraitError(f"{entry} is {array[tuple(where)]:g}; it must be {wanted}")


# ---------------------------------------------------------------------------------- bundling
IMPORT = re.compile(
    r'^import\s*\{([^}]*)\}\s*from\s*"(\./|\.\./shared/)([\w-]+\.js)";?[ \t]*$', re.M
)
NAME = re.compile(
    r"^(?:export\s+)?(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s+([A-Za-z_$][\w$]*)", re.M
)
EXPORTED = re.compile(
    r"^export\s+(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s+([A-Za-z_$][\w$]*)", re.M
)
TYPES = re.compile(
    r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.M | re.S
)  # JSDoc on lines of its own


def bundle(path: str | Path) -> str:
    """Return an ES module and all it imports as the text of one module, which is what anywidget
    takes.

    The modules are put one after the other, those imported first, without their ``import`` lines
    and the word ``export``; the types, which only their checker reads, are left out too. For that
    to be the same program, the files keep to a few rules, and ValueError says where one does not:
    imports read ``import { a, b } from "./file.js"`` or ``"../shared/file.js"`` and name what that
    file exports; top-level statements start at the left margin; no name is declared at top level
    twice; only the figure's own module has an ``export default``.
    """
    texts = modules(path)
    *imported, entry = texts
    for file in imported:
        if re.search(r"^export\s+default\b", texts[file], re.M):
            raise ValueError(
                f"{file}: only the figure's own module, {entry}, may have an export default"
            )
    if not re.search(r"^export\s+default\b", texts[entry], re.M):
        raise ValueError(f"{entry} has no export default; a figure exports {{ render }}")
    return joined(texts)


def modules(path: str | Path) -> dict[str, str]:
    """Return the text of a module and of all it imports by file, those imported first; ValueError
    as in `bundle`.
    """
    texts: dict[str, str] = {}
    read_module(Path(path), Path(path).parent, texts, ())
    declared: dict[str, str] = {}
    for file, text in texts.items():
        for name in NAME.findall(text):
            if name in declared:
                raise ValueError(
                    f"{file} and {declared[name]} both declare {name!r} at top level; rename one "
                    "of them"
                    if declared[name] != file
                    else f"{file} declares {name!r} at top level twice"
                )
            declared[name] = file
    return texts


def joined(texts: dict[str, str]) -> str:
    """Return the `modules` one after the other, without their ``import`` lines, the word ``export``
    and their types.
    """
    pieces = []
    for file, text in texts.items():
        body = re.sub(
            r"^export\s+(?!default\b)", "", IMPORT.sub("", TYPES.sub("", text)), flags=re.M
        )
        pieces.append(f"// {file}\n{body.strip()}\n")
    return "\n".join(pieces)


def read_module(path: Path, folder: Path, texts: dict[str, str], importers: tuple[str, ...]) -> str:
    """Read `path` and what it imports into `texts`, imported modules first; check imports and
    exports.

    Return the name it has there: ``train.js`` in the figure's own `folder`, else
    ``shared/train.js``.
    """
    here = path.parent.resolve() == folder.resolve()
    label = path.name if here else f"{path.parent.name}/{path.name}"
    if label in importers:
        raise ValueError(
            f"the modules import each other in a circle: {' -> '.join((*importers, label))}"
        )
    if label in texts:
        return label
    if not path.is_file():
        raise ValueError(
            f"{importers[-1]} imports {'./' if here else '../'}{label}, but there is no such file"
            if importers
            else f"there is no module {label} beside the live figures"
        )
    text = path.read_text(encoding="utf-8")
    for line in re.findall(r"^(?:import\b[^;]*|export\s*[{*][^;]*)", IMPORT.sub("", text), re.M):
        raise ValueError(
            f'{label}: {" ".join(line.split())!r} cannot be bundled; write import {{ a, b }} from "./file.js", '
            "and export where you declare"
        )
    for statement in re.findall(r"^(?:export\s+)?(?:const|let|var)\s*[\[{].*", text, re.M):
        raise ValueError(
            f"{label}: {statement!r} unpacks at top level; declare the names one by one"
        )
    for names, where, file in IMPORT.findall(text):
        source = path.parent if where == "./" else path.parent.parent / "shared"
        imported = read_module(source / file, folder, texts, (*importers, label))
        for name in (n.strip() for n in names.split(",")):
            if name and name not in EXPORTED.findall(texts[imported]):
                raise ValueError(
                    f"{label} imports {name!r} from {imported}, which does not export it"
                    if " as " not in name
                    else f"{label}: {name!r} renames an import; use the name that {imported} exports"
                )
    texts[label] = text
    return label
