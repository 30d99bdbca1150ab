"""What the book reads from the companion's source: modules, names, who uses what, and the links
in code; and the words of the search.
"""

import json

import pytest
from conftest import ROOT
from docutils import nodes

from book import search
from book.companion import Companion, Scope, document_order, links, uses
from book.source import described, linked, safe, signature, sound
from book.v8 import open_context

BASE = '''"""Layers.

The rest.
"""

from .rules import rule as law

LIMIT, LOW = 3, 1


class Layer:
    """A layer: equation (eq-layer)."""

    def forward(self, x):
        """Return the output, by (eq-forward)."""
        return law(x)

    def _hidden(self):
        return self.forward(LIMIT)


class Wide(Layer):
    """A wider one.

    Parameters
    ----------
    d_in : int
        Inputs.
    """

    def __init__(self, d_in: int, *, bias=True):
        self.d_in = d_in

    def forward(self, x):
        return 2 * x
'''
RULES = '''"""Rules."""


def rule(x: float, y: float = 1.0) -> float:
    """A rule."""
    from .layers import Layer

    return Layer.forward(x)
'''


@pytest.fixture
def companion(tmp_path):
    """A package of three modules, one of which holds answers."""
    folder = tmp_path / "code" / "backprop"
    (folder / "exercises").mkdir(parents=True)
    (folder / "__init__.py").write_text('"""The package."""\nfrom .layers import Wide\n')
    (folder / "layers.py").write_text(BASE)
    (folder / "rules.py").write_text(RULES)
    (folder / "exercises" / "ch01.py").write_text("ANSWER = 42\n")
    return Companion(tmp_path)


def found(text, companion, scope=None):
    return [
        (text[start:end], name) for start, end, name in links(text, companion, scope or Scope())
    ]


def test_answers_have_no_page(companion):
    assert list(companion.modules) == ["backprop", "backprop.layers", "backprop.rules"]
    assert companion.find("backprop.exercises.ch01.ANSWER") is None
    assert [module.document for module in companion.pages] == [
        "code/backprop/layers",
        "code/backprop/rules",
    ]


@pytest.mark.parametrize(
    "name, address",
    [
        ("backprop.layers", ("code/backprop/layers", "")),
        ("backprop.layers.Layer", ("code/backprop/layers", "backprop.layers.Layer")),
        (
            "backprop.layers.Layer.forward",
            ("code/backprop/layers", "backprop.layers.Layer.forward"),
        ),
        ("backprop.Wide", ("code/backprop/layers", "backprop.layers.Wide")),
        ("backprop.layers.law", ("code/backprop/rules", "backprop.rules.rule")),
        ("backprop.layers.LIMIT", ("code/backprop/layers", "line-8")),
        ("backprop.layers.LOW", ("code/backprop/layers", "line-8")),
        ("backprop.layers.Layer._hidden", ("code/backprop/layers", "line-18")),
        ("backprop.layers.Wide.forward", ("code/backprop/layers", "line-34")),
        ("backprop.layers.Wide._hidden", ("code/backprop/layers", "line-18")),
        ("backprop", ("chapters/appendix/source", "")),
        ("backprop.nowhere", None),
        ("numpy.array", None),
    ],
)
def test_where_a_name_leads(name, address, companion):
    assert companion.address(name) == address


def test_formulas_belong_to_the_innermost_piece(companion):
    assert companion.formulas == {
        "eq-layer": ["backprop.layers.Layer"],
        "eq-forward": ["backprop.layers.Layer.forward"],
    }


def test_imports_inside_functions_count(companion):
    assert companion.imports == {
        "backprop": ["backprop.layers"],
        "backprop.layers": ["backprop.rules"],
        "backprop.rules": ["backprop.layers"],
    }


def test_names_in_cells_lead_to_what_they_stand_for(companion):
    scope = Scope()
    assert found("from backprop.layers import Wide, LIMIT as top\n", companion, scope) == [
        ("backprop.layers", "backprop.layers"),
        ("Wide", "backprop.layers.Wide"),
        ("LIMIT", "backprop.layers.LIMIT"),
    ]
    assert found("%timeit 1\nö = 'ä'; net = Wide(top)", companion, scope) == [
        ("Wide", "backprop.layers.Wide"),
        ("top", "backprop.layers.LIMIT"),
    ]
    assert found("net.forward(1), net._hidden", companion, scope) == [
        ("forward", "backprop.layers.Wide.forward"),
        ("_hidden", "backprop.layers.Wide._hidden"),
    ]
    assert found("def f(Wide):\n    return Wide\nnet = 3\nnet.forward", companion, scope) == []
    assert found("Wide", companion, scope) == [("Wide", "backprop.layers.Wide")]
    assert ("forward", "backprop.layers.Wide.forward") in found(
        "Wide(1).forward(2)", companion, scope
    )
    assert found("for Wide in range(3):\n    Wide", companion, scope) == []
    assert found("not Python at all", companion, scope) == []


def test_a_module_by_another_name(companion):
    text = (
        "import backprop.rules as r\nfrom backprop import layers\nr.rule(layers.Layer, r.nothing)"
    )
    assert found(text, companion) == [
        ("backprop.rules", "backprop.rules"),
        ("backprop", "backprop"),
        ("layers", "backprop.layers"),
        ("r", "backprop.rules"),
        ("rule", "backprop.rules.rule"),
        ("layers", "backprop.layers"),
        ("Layer", "backprop.layers.Layer"),
        ("r", "backprop.rules"),
    ]


def test_names_in_a_module_lead_to_their_entries(companion):
    module = companion.modules["backprop.layers"]
    names = [
        (module.text[start:end], name)
        for start, end, name in links(module.text, companion, Scope(), module)
    ]
    assert (".rules", "backprop.rules") in names and ("law", "backprop.rules.rule") in names
    assert ("Wide", "backprop.layers.Wide") in names
    assert ("forward", "backprop.layers.Layer.forward") in names
    assert names.count(("forward", "backprop.layers.Layer.forward")) == 2, "its definition, its use"


def test_who_uses_what(companion, tmp_path):
    cells = [
        {"cell_type": "markdown", "source": "from backprop.rules import rule"},
        {"cell_type": "code", "source": ["from backprop import Wide\n", "Wide(1).forward(2)"]},
    ]
    (tmp_path / "page.ipynb").write_text(json.dumps({"cells": cells}))
    used = uses(companion, {"2_1_page": tmp_path / "page.ipynb"})
    assert used["backprop.layers"] == {"Wide": ["2_1_page"]} and "backprop.rules" not in used
    assert companion.pages_using(companion.modules["backprop.layers"], used) == ["2_1_page"]


def test_pages_come_in_the_order_of_the_book():
    """Sections by number, their pages by number, then the pages that have none."""
    order = ["6_2_1_text", "6_2_2_words", "6_2_3_meaning", "6_2_speech", "6_3_films", "6_10_more"]
    pages = [f"chapters/06_applications/{name}" for name in order] + ["chapters/appendix/checked"]
    assert sorted(pages[3:] + pages[:3], key=document_order) == pages


def test_signatures(companion):
    layers, rules = companion.modules["backprop.layers"], companion.modules["backprop.rules"]
    assert signature(layers.members["Wide"]) == "(d_in: int, *, bias=True)"
    assert signature(layers.members["Layer"]) == ""
    assert signature(layers.members["Layer.forward"]) == "(x)"
    assert signature(rules.members["rule"]) == "(x: float, y: float=1.0) -> float"


def test_a_docstring_is_no_markup_by_accident():
    assert safe("*args, |x|, W_ and a\\b, x_i") == r"\*args, \|x\|, W\_ and a\\b, x_i"
    names = {"forward": "backprop.layers.Layer.forward"}.get
    text = (
        "By `forward` and `x`s: (eq-one), (eq-two), (he2015), he2015 and us2016.\n\n>>> f(*a)\n`x`"
    )
    assert described(text, names, {"eq-one"}, {"he2015"}) == [
        r"By :py:obj:`forward <backprop.layers.Layer.forward>` and ``x``\ s: :eq:`eq-one`,"
        " (eq-two),"
        " :cite:p:`he2015`, :cite:t:`he2015` and us2016.",
        "",
        ">>> f(*a)",
        "`x`",
    ]


def test_parameters_become_a_list():
    text = "What.\n\nParameters\n----------\nx_ : ndarray, (n, d)\n    The *input*."
    lines = described(text, lambda name: None, set(), set())
    assert lines == [
        "What.",
        "",
        r":Parameters: **x\_** (*ndarray, (n, d)*) -- The \*input\*.",
        "",
    ]


def test_links_stand_inside_the_colours():
    html = '<span class="n">net</span><span class="o">.</span><span class="n">forward</span> &lt; 3'
    found = linked(html, [(0, 3, "a"), (4, 11, "b")], lambda name: f"<a {name}>")
    assert found == (
        '<span class="n"><a a>net</a></span><span class="o">.</span>'
        '<span class="n"><a b>forward</a></span> &lt; 3'
    )
    assert linked("x &lt; <b>y</b>", [(4, 5, "y")], lambda name: "<a>") == "x &lt; <b><a>y</a></b>"
    assert linked("<i>ab</i>cd", [(1, 3, "bc")], lambda name: "<a>") == "<i>ab</i>cd"


def test_a_page_holds_no_empty_links_and_no_lists_in_signatures():
    line = '<pre><a id="line-3" name="line-3" href="#line-3"></a>x</pre>'
    entry = (
        '<dl class="py"><dt class="sig sig-object">f(<dl>\n<dd>a,</dd>\n</dl>\n)</dt>\n'
        "<dd>What.</dd></dl>"
    )
    assert sound(line + entry) == (
        '<pre><span id="line-3"></span>x</pre><dl class="py"><dt class="sig sig-object">'
        'f(<span class="sig-dl">\n'
        '<span class="sig-dd">a,</span>\n</span>\n)</dt>\n<dd>What.</dd></dl>'
    )


# --- the real package -----------------------------------------------------------------------------


def test_every_formula_that_the_companion_names_is_in_the_book():
    """A label in the source that no page defines leads nowhere."""
    labels = set()
    for path in sorted((ROOT / "chapters").glob("*/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
            if cell["cell_type"] == "markdown":
                labels |= {
                    line.rpartition("(")[2].strip(") ")
                    for line in "".join(cell["source"]).splitlines()
                    if line.startswith("$$") and "(eq-" in line
                }
    assert set(Companion(ROOT).formulas) <= labels


# --- the words of the search ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def key():
    tokens = "function tokens(text) { return JSON.stringify(bookRank.tokens(text)); }"
    scripts = (path.read_text(encoding="utf8") for path in (search.MINISEARCH, search.RANK))
    context = open_context(*scripts, tokens)
    yield lambda text: json.loads(context.call("tokens", text))
    context.close()


@pytest.mark.parametrize(
    "one, other",
    [
        ("regularization", "regularisation"),
        ("optimizer", "Optimisers"),
        ("analyze", "analyse"),
        ("behavior", "behaviour"),
        ("neighboring colors", "neighbouring colours"),
        ("labeled", "labelled"),
        ("modeling", "modelling"),
        ("center", "centre"),
        ("program", "programme"),
        ("license", "licence"),
        ("gradients", "gradient"),
        ("losses", "loss"),
        ("biases", "bias"),
        ("entropies", "entropy"),
        ("η", "eta"),
        ("∂L/∂w", "partial L partial w"),
        ("Jacobian’s", "jacobian"),
        ("ＧＲＵ", "gru"),
    ],
)
def test_one_word_in_two_spellings(one, other, key):
    assert key(one) == key(other) and key(one)


@pytest.mark.parametrize(
    "one, other", [("four", "for"), ("axis", "axes of"), ("bias", "bia"), ("size", "sigh")]
)
def test_two_words_stay_two(one, other, key):
    assert key(one) != key(other)


def test_chinese_by_pairs_and_numbers_whole(key):
    assert key("反向传播 in 4.4.7, 梯") == ["反向", "向传", "传播", "in", "4.4.7", "梯"]


@pytest.mark.parametrize(
    "tex, text",
    [
        (r"\eta", "η"),
        (r"\delta^{(l)}", "δ^(l)"),
        (r"\frac{\partial L}{\partial w}", "∂ L/∂ w"),
        (r"\sum_i w_i x_i + b", "sum _i w_i x_i + b"),
        (r"\begin{aligned}a\end{aligned}", "…"),
    ],
)
def test_a_formula_in_an_excerpt(tex, text):
    assert search.readable(tex) == text


def test_what_goes_deeper_is_found():
    """A link opens it; solutions are for after the exercise."""
    section = nodes.section("", nodes.title("", "1.1 A page"), nodes.paragraph("", "Seen."))
    section += nodes.admonition("", nodes.paragraph("", "Detour."), classes=["deeper", "dropdown"])
    section += nodes.comment("", "deeper")
    document = nodes.document("", "")
    document += section
    assert search.entries_of(document, None, "page")[0][3] == "Seen. Detour."


def test_solutions_stay_out_of_the_index():
    section = nodes.section("", nodes.title("", "1.1 A page"), nodes.paragraph("", "Seen."))
    section += nodes.admonition("", nodes.paragraph("", "The answer is 42."), classes=["dropdown"])
    section += nodes.literal_block("", "secret = 42")
    document = nodes.document("", "")
    document += section
    assert search.entries_of(document, None, "page") == [
        ["page", "1.1 A page", ["1.1"], "Seen.", ""]
    ]
