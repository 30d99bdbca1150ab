"""Section 5.3: what `need` says, the versions, and gradients against three frameworks at once."""

import ast
import importlib.util
import io
import os
import re
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path

import hypothesis.strategies as st
import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from packaging.requirements import Requirement

from backprop.studies import frameworks
from backprop.activations import ReLU
from backprop.studies.frameworks import Missing, NotInstalled, need, requirement
from backprop.losses import BinaryCrossEntropy, CrossEntropy, MeanSquaredError
from backprop.network import Network
from reference import torch_activation, torch_loss

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "chapters" / "05_practice" / "5_3_frameworks.ipynb"
PROJECT = tomllib.loads((ROOT / "code" / "pyproject.toml").read_text(encoding="utf8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = [Requirement(line) for line in EXTRAS["frameworks"]]
HERE = {r.name: r for r in PINS if r.marker is None or r.marker.evaluate()}

tf, keras = need("tensorflow"), need("keras")


# ------------------------------------------------------------------------------- need, and the pins
@pytest.fixture
def without(monkeypatch):
    """Hide installed modules by name."""

    def hide(*names):
        real = importlib.util.find_spec
        monkeypatch.setattr(
            frameworks.importlib.util,
            "find_spec",
            lambda name: None if name in names else real(name),
        )

    return hide


@pytest.mark.parametrize("name", ["tensorflow", "torch", "keras"])
def test_need_returns_the_module_with_one_thread(name):
    module = need(name)
    assert module.__name__ == name
    if name == "torch":
        assert module.get_num_threads() == 1
    else:
        assert (
            tf.config.threading.get_intra_op_parallelism_threads()
            == tf.config.threading.get_inter_op_parallelism_threads()
            == 1
        )


def test_need_refuses_another_name():
    with pytest.raises(
        ValueError, match="unknown framework 'jax'; there are: tensorflow, torch, keras"
    ):
        need("jax")


@pytest.mark.parametrize(
    "name, hidden, wanted",
    [
        ("torch", ["torch"], ["torch"]),
        ("tensorflow", ["tensorflow"], ["tensorflow"]),
        ("keras", ["keras"], ["keras"]),
        ("keras", ["keras", "tensorflow"], ["keras", "tensorflow"]),
        ("keras", ["tensorflow"], ["tensorflow"]),
    ],
)
def test_a_missing_framework_says_in_one_line_how_to_install_it(without, name, hidden, wanted):
    without(*hidden)
    module = need(name)
    assert isinstance(module, Missing)
    for use in (
        lambda: module.__version__,
        lambda: module.nn.Module,
        lambda: module.keras,
        lambda: module.float32,
    ):
        with pytest.raises(NotInstalled) as caught:
            use()
        message = str(caught.value)
        assert (
            "\n" not in message
            and len(message) < 160
            and message.startswith(
                frameworks.MODULES[name] + " is not installed. Run  %pip install "
            )
        )
        assert all(requirement(part) in message for part in wanted)
        assert isinstance(caught.value, ImportError)
    assert "is not installed" in repr(module) and not hasattr(module, "_repr_html_")


def test_a_notebook_shows_that_line_and_no_traceback(without):
    from IPython.core.interactiveshell import InteractiveShell

    without("torch")
    shell, shown = InteractiveShell(), io.StringIO()
    shell.run_cell("from backprop.studies.frameworks import need\ntorch = need('torch')")
    with redirect_stdout(shown):
        result = shell.run_cell("class Net(torch.nn.Module):\n    pass")
    assert isinstance(result.error_in_exec, NotInstalled)
    lines = re.sub(r"\x1b\[[\d;]*m", "", shown.getvalue()).strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith(
        "NotInstalled: PyTorch is not installed. Run  %pip install torch"
    ), lines


FAKES = {  # the three, as far as the order of their imports goes
    "triton": 'import sys\nif "tensorflow" in sys.modules: sys.exit("segmentation fault")',
    "tensorflow": "class threading:\n"
    "    set_intra_op_parallelism_threads = set_inter_op_parallelism_threads = print\n"
    "class config:\n    threading = threading",
    "torch": "def set_num_threads(n): pass\ndef optimiser():\n"
    "    try: import triton\n    except ImportError: pass",
}
ORDERS = [
    "need('tensorflow'); need('torch').optimiser()",
    "torch = need('torch'); need('tensorflow'); torch.optimiser()",
    "import torch; need('tensorflow'); torch.optimiser()",
    "torch = need('torch'); torch.optimiser(); import tensorflow; need('tensorflow')",
    "torch = need('torch'); import tensorflow; torch.optimiser()",
    "need('tensorflow'); import torch; torch.optimiser()",
    "import tensorflow; need('torch').optimiser()",
    "import torch, tensorflow; need('tensorflow'); torch.optimiser()",
]


def run_program(program, *folders):
    """Run a program in a process of its own; the process, ended."""
    path = os.pathsep.join(map(str, [*folders, ROOT / "code"]))
    return subprocess.run(
        [sys.executable, "-c", f"from backprop.studies.frameworks import need; {program}"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("order", ORDERS)
def test_triton_never_meets_a_loaded_tensorflow(order, tmp_path):
    for name, source in FAKES.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf8")
    done = run_program(order, tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_fakes_crash_as_the_three_do(tmp_path):
    for name, source in FAKES.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf8")
    careless = run_program("import tensorflow, torch; torch.optimiser()", tmp_path)
    assert careless.returncode == 1 and "segmentation fault" in careless.stderr


def test_an_optimiser_of_pytorch_beside_tensorflow():
    """The same with the programs that are installed, which have a triton or not."""
    program = (
        "need('keras'); torch = need('torch'); "
        "w = torch.zeros(2, requires_grad=True); torch.optim.SGD([w], 0.1)"
    )
    done = run_program(program)
    assert done.returncode == 0, done.stderr


def imported(source):
    """The packages that a program imports."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) if not node.level]
    return {name.split(".")[0] for name in names}


def test_tensorflow_and_keras_are_imported_by_need_alone():
    sources = {
        path: [path.read_text(encoding="utf8")]
        for folder in ("code/backprop", "code/book", "code/experiments", "tests")
        for path in (ROOT / folder).rglob("*.py")
    }
    for path in (ROOT / "chapters").rglob("*.ipynb"):
        if ".ipynb_checkpoints" not in path.parts:
            cells = nbformat.read(path, as_version=4).cells
            code = [cell.source for cell in cells if cell.cell_type == "code"]
            sources[path] = [re.sub(r"^[%!].*", "", cell, flags=re.M) for cell in code]
    assert len(sources) > 100 and any(
        "torch" in imported(s) for s in sources[ROOT / "tests/unit/reference.py"]
    )
    found = [
        path.relative_to(ROOT).as_posix()
        for path, programs in sources.items()
        if any(imported(program) & {"tensorflow", "keras"} for program in programs)
    ]
    assert found == []


def test_what_pip_is_asked_for_is_the_pin_of_the_extra():
    assert (
        requirement("torch") == str(HERE["torch"]).split(";")[0].strip()
        and requirement("keras") == f"keras{HERE['keras'].specifier}"
    )
    assert re.fullmatch(r"tensorflow(-cpu)?==[\d.]+(rc\d+)?", requirement("tensorflow"))
    assert requirement("numpy_of_mars") == "numpy_of_mars"


MACHINES = [  # system, processor, and the distribution that has TensorFlow for it
    ("linux", "x86_64", "tensorflow-cpu"),
    ("win32", "AMD64", "tensorflow-cpu"),
    ("linux", "aarch64", "tensorflow"),
    ("darwin", "arm64", "tensorflow"),
]


def tensorflows(python, system, machine):
    """The TensorFlow that the extra asks for on such a machine, as name and version."""
    here = {"python_version": python, "sys_platform": system, "platform_machine": machine}
    named = [r for r in PINS if r.name.startswith("tensorflow") and r.marker.evaluate(here)]
    return [(r.name, str(r.specifier).removeprefix("==")) for r in named]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system, machine, wanted", MACHINES)
def test_there_is_one_tensorflow_for_each_machine(system, machine, wanted, python):
    (found,) = tensorflows(python, system, machine)
    same = (
        tensorflows(python, "linux", "x86_64")
        if python == "3.14"
        else tensorflows("3.11", "linux", "x86_64")
    )
    assert found == (wanted, same[0][1])


def test_each_pin_stands_once_and_is_what_is_installed():
    named = [Requirement(line).name for extra in EXTRAS.values() for line in extra]
    assert {"torch", "tensorflow", "tensorflow-cpu", "keras"} <= set(named)
    twice = {name for name in named if named.count(name) > 1}
    assert twice == {"backprop", "tensorflow", "tensorflow-cpu"}  # another one for Python 3.14
    assert all(
        "backprop[frameworks]" in EXTRAS[extra] for extra in ("test", "bench")
    ) and "frameworks" not in str(EXTRAS["book"])
    for name, pin in HERE.items():
        assert pin.specifier.contains(version(name).split("+")[0]), (
            f"{name} {version(name)} is installed, pinned is {pin.specifier}"
        )


def test_the_page_was_run_with_the_pinned_versions():
    printed = "\n".join(
        out.get("text", "")
        for cell in nbformat.read(NOTEBOOK, 4).cells
        for out in cell.get("outputs", [])
    )
    pinned = {
        "TensorFlow": tensorflows("3.13", "linux", "x86_64")[0][
            1
        ],  # the release, not the candidate
        "PyTorch": str(HERE["torch"].specifier).removeprefix("=="),
        "Keras": str(HERE["keras"].specifier).removeprefix("=="),
    }
    for title, wanted in pinned.items():
        assert re.search(rf"^{title} ([\d.]+)", printed, re.M)[1] == wanted


# ----------------------------------------------------------- the companion against three frameworks
ACTIVATIONS = ["identity", "sigmoid", "tanh", "relu"]
LOSSES = {loss.name: loss for loss in (MeanSquaredError(), BinaryCrossEntropy(), CrossEntropy())}
KERAS_NAME = {"identity": "linear", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu"}


def by_torch(sizes, activations, p, loss, X, t):
    p = {name: torch.tensor(value, requires_grad=True) for name, value in p.items()}
    a = torch.tensor(X)
    for l, f in enumerate(activations, 1):
        a = torch_activation[f](a @ p[f"W{l}"] + p[f"b{l}"])
    value = torch_loss[loss](a, torch.tensor(t))
    value.backward()
    return value.item(), {name: q.grad.numpy() for name, q in p.items()}


def by_tensorflow(sizes, activations, p, loss, X, t):
    p = {name: tf.Variable(value) for name, value in p.items()}
    f = {"identity": tf.identity, "sigmoid": tf.sigmoid, "tanh": tf.tanh, "relu": tf.nn.relu}
    with tf.GradientTape() as tape:
        a = tf.constant(X)
        for l, name in enumerate(activations, 1):
            a = f[name](a @ p[f"W{l}"] + p[f"b{l}"])
        value = {
            "mean squared error": lambda: tf.reduce_mean((a - t) ** 2),
            "binary cross-entropy": lambda: (
                tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=t, logits=a)) / len(X)
            ),
            "cross-entropy": lambda: tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=t, logits=a)
            ),
        }[loss]()
    return float(value), {name: g.numpy() for name, g in tape.gradient(value, p).items()}


def by_keras(sizes, activations, p, loss, X, t):
    layers = [
        keras.layers.Dense(d, activation=KERAS_NAME[f], dtype="float64")
        for d, f in zip(sizes[1:], activations)
    ]
    model = keras.Sequential([keras.Input((sizes[0],), dtype="float64"), *layers])
    model.set_weights(list(p.values()))
    function = {
        "mean squared error": lambda: keras.losses.MeanSquaredError(dtype="float64"),
        "binary cross-entropy": lambda: keras.losses.BinaryCrossentropy(
            from_logits=True, dtype="float64"
        ),
        "cross-entropy": lambda: keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, dtype="float64"
        ),
    }[loss]()
    with tf.GradientTape() as tape:
        # Keras' is a mean over outputs, too
        value = function(t, model(X)) * (sizes[-1] if loss == "binary cross-entropy" else 1)
    return float(value), dict(
        zip(p, (g.numpy() for g in tape.gradient(value, model.trainable_variables)))
    )


ORACLES = {"torch": by_torch, "tensorflow": by_tensorflow, "keras": by_keras}


@st.composite
def problems(draw):
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=4))
    hidden, output = draw(st.sampled_from(ACTIVATIONS)), draw(st.sampled_from(ACTIVATIONS))
    loss, n = draw(st.sampled_from(sorted(LOSSES))), draw(st.integers(1, 7))
    if loss != "mean squared error":
        output = "identity"  # logits: Keras undoes a sigmoid that it finds before this loss
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    net = Network(sizes, hidden, output, rng=rng)
    net.theta[...] = rng.normal(size=net.theta.size)  # biases too
    t = (
        rng.integers(0, sizes[-1], n)
        if loss == "cross-entropy"
        else rng.integers(0, 2, (n, sizes[-1])).astype(float)
    )
    return net, LOSSES[loss], rng.normal(size=(n, sizes[0])), t


def disagreement(oracle, net, loss, X, t):
    """The largest difference of the loss or a gradient from the oracle's.

    Against the largest entry of that array (or 1).
    """
    ours = net.loss_and_gradients(loss, X, t)
    value, gradients = ORACLES[oracle](
        net.sizes, [layer.activation.name for layer in net.layers], net.parameters, loss.name, X, t
    )
    assert set(gradients) == set(net.gradients)
    for name, g in gradients.items():
        assert g.shape == net.gradients[name].shape and g.dtype == np.float64
    pairs = [(ours, value), *((net.gradients[name], g) for name, g in gradients.items())]
    return max(np.abs(a - b).max() / max(1.0, np.abs(b).max()) for a, b in pairs)


@pytest.mark.parametrize("oracle", ORACLES)
@settings(max_examples=25)
@given(problem=problems())
def test_loss_and_every_gradient_agree(oracle, problem):
    assert disagreement(oracle, *problem) < 1e-10


@pytest.mark.parametrize("oracle", ORACLES)
def test_a_wrong_backward_pass_is_caught(oracle, monkeypatch):
    """The slope of ReLU taken from a >= 0, which is always 1: a mistake that still learns."""
    rng = np.random.default_rng(0)
    net, X, t = Network([5, 6, 3], "relu", rng=rng), rng.normal(size=(8, 5)), rng.integers(0, 3, 8)
    assert disagreement(oracle, net, CrossEntropy(), X, t) < 1e-12
    monkeypatch.setattr(ReLU, "backward", lambda self, grad_a, z, a: grad_a * (a >= 0))
    assert disagreement(oracle, net, CrossEntropy(), X, t) > 1e-3
