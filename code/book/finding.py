"""Finding things: names and addresses for terms, symbols and formulas, and the index of them.

Three sorts of things get a name, an address and a line in the index (genindex.html): the rows of
the glossary (a table that begins with English | 中文), the rows of the notation tables
(symbol | ... | meaning), and every labelled formula. The search (`search`) finds them, too. A
formula's name is its label in words: eq-sigmoid-slope is "sigmoid slope"; what the words of a
label stand for is in `WORDS`, what no label can say in `NAMES`.
"""

import re
import unicodedata
from html import escape

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from . import maths

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
WORDS = {
    "opt": "optimiser",
    "bce": "binary cross-entropy",
    "cce": "categorical cross-entropy",
    "ce": "cross-entropy",
    "kl": "Kullback-Leibler",
    "mse": "mean squared error",
    "mae": "mean absolute error",
    "lse": "log-sum-exp",
    "sgd": "stochastic gradient descent",
    "gd": "gradient descent",
    "relu": "ReLU",
    "lms": "LMS",
    "adam": "Adam",
    "adamw": "AdamW",
    "adagrad": "AdaGrad",
    "rmsprop": "RMSProp",
    "nesterov": "Nesterov",
    "jacobian": "Jacobian",
    "vjp": "vector-Jacobian product",
    "xor": "XOR",
    "huber": "Huber",
    "taylor": "Taylor",
    "novikoff": "Novikoff",
    "mcculloch": "McCulloch",
    "pitts": "Pitts",
    "bn": "batch normalisation",
    "ln": "layer normalisation",
    "conv": "convolution",
    "bptt": "backpropagation through time",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "RNN",
    "grad": "gradient",
    "bp": "backpropagation",
    "delta1": "delta, layer 1",
    "delta2": "delta, layer 2",
    "bench": "speed",
    "cor": "corrected",
    "als": "alternating least squares",
    "svd": "SVD",
    "rmse": "root mean squared error",
    "ndcg": "NDCG",
    "bleu": "BLEU",
    "hmm": "HMM",
    "cnn": "CNN",
    "fgsm": "fast gradient sign",
    "iou": "intersection over union",
    "giou": "generalised intersection over union",
    "mf": "matrix factorisation",
    "ncf": "neural collaborative filtering",
    "logq": "correction by log q",
    "hvp": "Hessian-vector product",
    "xavier": "Xavier",
    "he": "He",
    "newton": "Newton",
    "recommend": "recommendation",
    "witten": "Witten",
    "bell": "Bell",
    "layernorm": "layer normalisation",
    "maxpool": "max pooling",
    "averagepool": "average pooling",
}
NAMES = {
    "eq-need-chain": "chain rule for one variable",
    "eq-need-paths": "chain rule for two ways",
    "eq-need-jacobian": "Jacobian",
    "eq-need-jacobian-chain": "product of two Jacobians",
    "eq-need-product": "matrix product",
    "eq-need-log": "rules of the logarithm",
    "eq-need-svd": "singular value decomposition",
    "eq-delta": "error signal",
    "eq-index-output-general": "error signal of the output",
    "eq-index-output": "error signal of the output, matching loss",
    "eq-index-hidden": "error signal of a hidden unit",
    "eq-index-weights": "gradient of a weight",
    "eq-index-bias": "gradient of a bias",
    "eq-chain-one": "chain rule",
    "eq-chain-several": "chain rule, several paths",
    "eq-chain-graph": "chain rule on a graph",
    "eq-central": "central difference",
    "eq-sgd": "gradient descent step",
    "eq-neuron": "neuron",
    "eq-cheap-gradient": "cheap gradient principle",
    "eq-forward": "forward pass of a layer",
    "eq-bp-output": "backpropagation, output layer",
    "eq-bp-hidden": "backpropagation, hidden layer",
    "eq-bp-weights": "backpropagation, weights",
    "eq-bp-bias": "backpropagation, biases",
    "eq-mcculloch-pitts": "McCulloch-Pitts unit",
    "eq-universal": "universal approximation",
    "eq-perceptron-rule": "perceptron learning rule",
    "eq-index-forward": "forward pass of a unit",
    "eq-index-z-weight": "derivative of z by a weight",
    "eq-index-z-z": "derivative of z by the z before it",
    "eq-index-derived": "derived error signal",
    "eq-opt-limit": "largest learning rate",
    "eq-opt-bowl": "quadratic bowl",
    "eq-grad-door": "gradient through a unit's weighted input",
    "eq-bn-dropout": "dropout",
    "eq-bn-residual": "residual connection",
    "eq-freezing": "freezing layers",
    "eq-class-and-box": "loss of class and box",
    "eq-bptt-jacobians": "product of Jacobians through time",
    "eq-bptt-bound": "bound on the gradient through time",
    "eq-bptt-clip": "gradient clipping",
    "eq-bptt-witten-bell": "Witten-Bell smoothing",
    "eq-bptt-kneser-ney": "Kneser-Ney smoothing",
    "eq-attention-positions": "positional encoding",
    "eq-attention-heads": "multi-head attention",
    "eq-attention-heads-backward": "multi-head attention backward",
    "eq-attention-layernorm": "layer normalisation",
    "eq-attention-gradient-input": "gradient times input",
    "eq-embedding-sequence-loss": "loss of a sequence",
    "eq-recommend-damped": "damped biases",
    "eq-recommend-share": "share of the penalty",
    "eq-recommend-rotation": "rotation of the factors",
    "eq-recommend-recall": "recall at k",
    "eq-recommend-ndcg": "NDCG",
    "eq-recommend-reasons": "reasons of a recommendation",
    "eq-recommend-rmse": "root mean squared error",
    "eq-recommend-agreement": "votes of people who agree",
    "eq-recommend-neighbours": "scores of neighbours",
    "eq-recommend-ease": "EASE",
    "eq-recommend-ease-weights": "weights of EASE",
    "eq-recommend-ease-fast": "EASE by way of the users",
    "eq-recommend-implicit": "loss of implicit feedback",
    "eq-tools-softplus": "softplus",
    "eq-tools-kept": "what is kept for the way back",
    "eq-data-best": "best of many random models",
    "eq-data-boost": "vote of random answers",
    "eq-data-twins": "copies across the split",
    "eq-data-noise": "label noise",
    "eq-learning-twice": "backward called twice",
    "eq-learning-cut": "error cut before squaring",
    "eq-depth-forward": "variance going forward",
    "eq-depth-backward": "variance going back",
    "eq-depth-xavier": "Xavier initialisation",
    "eq-depth-he": "He initialisation",
    "eq-memory-activations": "memory of activations",
    "eq-data-parallel": "data parallelism",
    "eq-ring": "ring all-reduce",
    "eq-completeness": "completeness of integrated gradients",
    "eq-fgsm": "fast gradient sign method",
    "eq-fgsm-gain": "gain of the fast gradient sign",
}
REFERENCES = re.compile(r"\s*[(（][^()（）]*[)）]")


def slug(text):
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def name_of_formula(label):
    """What a reader would call the formula: its entry in `NAMES`, or its label in words."""
    return NAMES.get(label) or " ".join(
        WORDS.get(word, word) for word in label.removeprefix("eq-").split("-")
    )


def marked(node):
    """The text of a node, its formulas between dollar signs."""
    parts = []
    for part in node.children:
        if isinstance(part, nodes.math):
            parts.append(f"${part.astext()}$")
        elif isinstance(part, nodes.Text):
            parts.append(part.astext())
        elif not isinstance(part, addnodes.pending_xref):  # {eq}`eq-...` is no number yet
            parts.append(marked(part))
    return "".join(parts)


def set_maths(text):
    """HTML of a text whose formulas stand between dollar signs."""
    parts = text.split("$")
    return "".join(
        f'<span class="math">{maths.render(part)}</span>' if k % 2 else escape(part)
        for k, part in enumerate(parts)
    )


def chinese(text):
    """The Chinese terms of a glossary cell: "激活；输出值 (3, 5)" to ["激活", "输出值"]."""
    terms = [
        re.split("[,，]", term)[0].strip()
        for term in re.split(r"[；;、]", REFERENCES.sub("", text))
    ]
    return [term for term in terms if re.search(f"[{HAN}]", term)]


class NamePlaces(SphinxTransform):
    """Give the rows of the glossary and of the notation tables an address.

    Note them, and all labelled formulas.
    """

    default_priority = 700

    def apply(self, **kwargs):
        found = []
        for table in self.document.findall(nodes.table):
            head = [
                entry.astext()
                for row in table.findall(nodes.thead)
                for entry in row.findall(nodes.entry)
            ]
            if head[:2] == ["English", "中文"]:
                table["classes"].append("glossary")
                found += [
                    self.term(row)
                    for body in table.findall(nodes.tbody)
                    for row in body.findall(nodes.row)
                ]
            elif head and head[0] == "symbol" and head[-1] == "meaning":
                found += [
                    self.symbol(row)
                    for body in table.findall(nodes.tbody)
                    for row in body.findall(nodes.row)
                ]
        for block in self.document.findall(nodes.math_block):
            if block.get("label") and block.get("ids"):
                name = name_of_formula(block["label"])
                found.append(
                    {
                        "kind": "formula",
                        "id": block["ids"][0],
                        "name": name,
                        "titles": [name],
                        "label": block["label"],
                    }
                )
        if found:
            places(self.env)[self.env.docname] = found

    def address(self, row, name):
        taken = {name for node in self.document.findall(nodes.row) for name in node["ids"]} | set(
            self.document.ids
        )
        k, address = 1, name
        while address in taken:
            k, address = k + 1, f"{name}-{k + 1}"
        row["ids"].append(address)
        return address

    def term(self, row):
        entries = list(row.findall(nodes.entry))
        cells = [entry.astext() for entry in entries]
        short = REFERENCES.sub("", cells[0]).strip()
        return {
            "kind": "term",
            "id": self.address(row, f"term-{slug(short)}"),
            "name": cells[0],
            "chinese": chinese(cells[1]),
            "meaning": REFERENCES.sub("", cells[2]) if len(cells) > 2 else "",
            "definition": marked(entries[2]) if len(cells) > 2 else "",
            "titles": list(dict.fromkeys([short, cells[0], *chinese(cells[1])])),
        }

    def symbol(self, row):
        entries = list(row.findall(nodes.entry))
        meaning = re.split(r"[,;:(]| \$", marked(entries[-1]))[0].strip()
        return {
            "kind": "symbol",
            "id": self.address(row, f"symbol-{slug(meaning)}"),
            "name": meaning,
            "symbol": marked(entries[0]),
            "code": entries[1].astext(),
            "titles": [meaning.replace("$", "")],
        }


def places(env):
    if not hasattr(env, "book_places"):
        env.book_places = {}
    return env.book_places


def forget(app, env, docname):
    places(env).pop(docname, None)


def merge(app, env, docnames, other):
    places(env).update(
        {docname: found for docname, found in places(other).items() if docname in docnames}
    )


# --- the index ------------------------------------------------------------------------------------


def numbered(env, docname, place):
    number = env.toc_fignumbers.get(docname, {}).get("displaymath", {}).get(place["id"], ())
    return ".".join(map(str, number))


def contents_of_index(app):
    """What genindex.html shows: symbols, terms by letter, Chinese terms, formulas by page."""
    env, builder = app.env, app.builder
    order = list(dict.fromkeys(in_order(env, app.config.root_doc)))
    symbols, han, formulas = [], [], []
    terms: dict[str, list[dict]] = {}
    for docname in [*order, *sorted(set(places(env)) - set(order))]:
        address = builder.get_relative_uri("genindex", docname)
        of_page = []
        for place in places(env).get(docname, []):
            link = f"{address}#{place['id']}"
            if place["kind"] == "symbol":
                symbols.append(
                    {
                        "symbol": set_maths(place["symbol"]),
                        "name": set_maths(place["name"]),
                        "link": link,
                    }
                )
            elif place["kind"] == "term":
                terms.setdefault(place["name"][0].upper(), []).append(
                    {"name": place["name"], "link": link}
                )
                han += [
                    {"name": term, "link": link, "english": place["name"]}
                    for term in place["chinese"]
                ]
            else:
                of_page.append(
                    {"name": place["name"], "number": numbered(env, docname, place), "link": link}
                )
        if of_page:
            formulas.append(
                {"title": env.titles[docname].astext(), "link": address, "formulas": of_page}
            )
    return {
        "symbols": symbols,
        "terms": [
            (letter, sorted(found, key=lambda term: term["name"].lower()))
            for letter, found in sorted(terms.items())
        ],
        "chinese": han,
        "formulas": formulas,
    }


def in_order(env, docname):
    yield docname
    for child in env.toctree_includes.get(docname, []):
        yield from in_order(env, child)


def fill_index(app, pagename, templatename, context, doctree):
    if pagename == "genindex":
        context["book_index"] = contents_of_index(app)


def setup(app):
    app.add_transform(NamePlaces)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", fill_index, priority=800)
