"""The data files and what is read from them; what the package as a whole may not do."""

import ast
import gzip
import hashlib
import lzma
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backprop import datasets
from backprop.datasets import (
    SHA256,
    DataFileError,
    data_folder,
    idx,
    load_mnist,
    read_checked,
    split,
)
from backprop.images import squeezenet
from backprop.language import speech, texts
from backprop.recommendation import movielens
from backprop.studies import sonar

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "code" / "backprop"
LABELS = "t10k-labels-idx1-ubyte.gz"


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


def test_mnist_is_mnist(mnist):
    assert mnist.X_train.shape == (60_000, 784) and mnist.X_test.shape == (10_000, 784)
    assert (
        mnist.X_train.dtype == mnist.X_test.dtype == np.float32
        and mnist.y_train.dtype.kind == mnist.y_test.dtype.kind == "i"
    )
    assert np.bincount(mnist.y_train).tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]
    assert np.bincount(mnist.y_test).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]
    assert mnist.X_train.min() == 0 and mnist.X_train.max() == 1
    assert mnist.X_train.mean(dtype=np.float64) == pytest.approx(0.13066, abs=5e-6)
    assert mnist.X_train.std(dtype=np.float64) == pytest.approx(0.30811, abs=5e-6)
    assert mnist.y_train[:5].tolist() == [5, 0, 4, 1, 9] and mnist.y_test[:5].tolist() == [
        7,
        2,
        1,
        0,
        4,
    ]


def test_pictures_stand_upright_and_belong_to_their_labels(mnist):
    """The mean 1 is a vertical stroke, the mean 0 is empty in its middle.

    Rows are rows, and labels go with pictures.
    """
    one, zero = (mnist.X_test[mnist.y_test == k].mean(axis=0).reshape(28, 28) for k in (1, 0))
    assert one[8:20, 12:16].mean() > 3 * one[12:16, 8:20].mean() / 2
    assert zero[13:15, 13:15].mean() < 0.1 < zero[13:15, 6:9].mean()


def test_the_readme_lists_the_same_files_and_checksums():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"`([\w.-]+\.(?:gz|xz|npz))`[^\n]*?`([0-9a-f]{64})`", text))
    assert {name: listed.get(name) for name in SHA256} == SHA256
    for name in listed:
        assert hashlib.sha256((ROOT / "data" / name).read_bytes()).hexdigest() == listed[name], name


def test_the_readme_lists_the_checksums_of_the_bytes_inside():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"`([\w.-]+\.(?:gz|xz))`[^\n]*?`([0-9a-f]{32})`", text))
    assert set(listed) == {name for name in SHA256 if name.endswith(("gz", "xz"))}
    for name, md5 in listed.items():
        unpack = gzip.decompress if name.endswith(".gz") else lzma.decompress
        assert hashlib.md5(unpack((ROOT / "data" / name).read_bytes())).hexdigest() == md5, name


@pytest.mark.parametrize("harm", ["truncated", "altered", "empty", "repacked"])
def test_a_harmed_file_is_refused_with_its_name_and_both_checksums(tmp_path, harm):
    raw = bytearray((data_folder() / LABELS).read_bytes())
    if harm == "truncated":
        raw = raw[:-1]
    elif harm == "altered":
        raw[len(raw) // 2] ^= 1
    elif harm == "empty":
        raw = b""
    else:
        # the same data in other bytes is not the same file
        raw = gzip.compress(gzip.decompress(bytes(raw)), 1)
    (tmp_path / LABELS).write_bytes(raw)
    with pytest.raises(DataFileError) as caught:
        read_checked(LABELS, tmp_path)
    message = str(caught.value)
    assert (
        LABELS in message
        and hashlib.sha256(raw).hexdigest() in message
        and SHA256[LABELS] in message
    )


FILES = {
    "mnist": (load_mnist, ".gz"),
    "fashion": (datasets.load_fashion_mnist, "fashion"),
    "sentences": (texts.load_sentences, "review"),
    "movielens": (movielens.load_movielens, "movielens"),
    "squeezenet": (squeezenet.load_squeezenet, "squeezenet"),
    "sonnets": (texts.load_sonnets, "sonnets"),
    "cmudict": (texts.load_cmudict, "cmudict"),
    "sonar": (sonar.load_sonar, "sonar"),
    "digits": (speech.load_digits, "spoken"),
}


@pytest.mark.parametrize(
    "load, name", [(load, name) for load, part in FILES.values() for name in SHA256 if part in name]
)
def test_each_loader_refuses_each_of_its_files(tmp_path, load, name):
    for other in SHA256:
        (tmp_path / other).write_bytes(b"") if other == name else (tmp_path / other).symlink_to(
            data_folder() / other
        )
    with pytest.raises(DataFileError, match=re.escape(name)):
        load(tmp_path)


def test_every_file_has_a_loader():
    assert {name for _, part in FILES.values() for name in SHA256 if part in name} == set(SHA256)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataFileError, match=rf"{LABELS} is missing.*BACKPROP_DATA"):
        read_checked(LABELS, tmp_path)


def test_the_folder_can_be_set(tmp_path, monkeypatch):
    shutil.copy(data_folder() / LABELS, tmp_path)
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))
    assert data_folder() == tmp_path and idx(read_checked(LABELS)).shape == (10_000,)
    monkeypatch.delenv("BACKPROP_DATA")
    assert data_folder() == ROOT / "data"


def test_idx_reads_shape_and_bytes_and_refuses_anything_else():
    packed = gzip.compress(
        b"\0\0\x08\x02" + (2).to_bytes(4, "big") + (3).to_bytes(4, "big") + bytes(range(6))
    )
    assert idx(packed).tolist() == [[0, 1, 2], [3, 4, 5]]
    for raw in (b"", b"\0\0\x0d\x01" + (1).to_bytes(4, "big") + b"\0\0\0\0", b"\x93NUMPY\1\0"):
        with pytest.raises(DataFileError, match="not an IDX file of unsigned bytes"):
            idx(gzip.compress(raw))


def test_split():
    train, held = split(10, 3, np.random.default_rng(0))
    assert len(train) == 7 and len(held) == 3 and sorted([*train, *held]) == list(range(10))
    assert (
        split(10, 3, np.random.default_rng(0))[1].tolist()
        == held.tolist()
        != split(10, 3, np.random.default_rng(1))[1].tolist()
    )
    for bad in (0, 10, -1):
        with pytest.raises(ValueError, match=rf"held_out must lie in 1 \.\. 9, not {bad}"):
            split(10, bad, np.random.default_rng(0))


# -------------------------------------------------------------------------------- the whole package
ORDER = [
    "doors",
    "activations",
    "losses",
    "model",
    "network",
    "optimizers",
    "loop",
    "training",
    "gradient_check",
    "graph",
    "datasets",
    "plots",
    "layers",
    "images",
    "language",
    "recommendation",
    "studies",
    "exercises",
    "check",
    "live",
]
MODULES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    """The name of a module inside the package: "network", "layers.basic".

    A folder's own is "layers".
    """
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


NAMES = {dotted(path): path for path in MODULES}


def imported(path: Path) -> set[str]:
    """Which modules of the package a module imports, at its top or inside a function.

    What stands below ``if TYPE_CHECKING`` names a type and is never imported.
    """
    found, folder = set(), path.parent.relative_to(PACKAGE).parts
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names_types = [
        part
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body
    ]
    for node in ast.walk(tree):
        if node in names_types:
            continue
        if isinstance(node, ast.Import):
            full = [a.name for a in node.names if a.name.split(".")[0] == "backprop"]
            found |= {name.partition(".")[2] for name in full}
        elif isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".")
            if node.level:
                base = [*folder[: len(folder) - node.level + 1], *filter(None, base)]
            elif base[0] == "backprop":
                base = base[1:]
            else:
                continue
            inside = [".".join([*base, a.name]) for a in node.names]
            found |= {name if name in NAMES else ".".join(base) for name in inside}
    return found - {""}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Nodes along a circle of the graph, the first one again at the end; empty if there is none."""
    done, way = set(), []

    def visit(name: str) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name not in done:
            way.append(name)
            for other in sorted(graph[name]):
                if found := visit(other):
                    return found
            done.add(way.pop())
        return []

    return next((found for name in sorted(graph) if (found := visit(name))), [])


def test_the_graph_of_imports_has_no_circle():
    graph = {name: imported(path) for name, path in NAMES.items()}
    assert "exercises" in graph["check"] and "model" in graph["network"]  # it sees what is there
    assert circle(graph) == []
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_the_package_says_its_plan_and_importing_it_costs_nothing():
    plan = (PACKAGE / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
    assert (
        set(ORDER)
        == set(re.findall(r"`(\w+)`", plan))
        == {module_name(p) for p in MODULES} - {"__init__"}
    )
    program = """if True:
        import sys, backprop
        heavy = {name.split(".")[0] for name in sys.modules} & {"numpy", "matplotlib", "IPython"}
        assert not heavy, heavy
        for name, module in backprop.CORE.items():
            assert getattr(backprop, name).__module__ == f"backprop.{module}", name
            assert name in dir(backprop)
        from backprop import Network, gradient_check
        assert gradient_check.__name__ == "backprop.gradient_check"
        assert "matplotlib" not in sys.modules
        backprop.Netwrok
    """
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "module 'backprop' has no attribute 'Netwrok'" in run.stderr, run.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_imports_one_above_it(path):
    own = module_name(path)
    if own == "__init__":
        return
    assert own in ORDER, f"{own} has no place in the order of imports yet"
    for other in {target.split(".")[0] for target in imported(path)} - {own}:
        assert ORDER.index(other) < ORDER.index(own), (
            f"{own} imports {other}, which stands above it"
        )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_unpickles_and_nothing_is_downloaded(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names
    }
    names |= {
        (n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)
    }
    assert not names & {
        "pickle",
        "cPickle",
        "_pickle",
        "dill",
        "cloudpickle",
        "joblib",
        "shelve",
        "marshal",
        "urllib",
        "requests",
        "socket",
        "http",
    }
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    loads = {ast.unparse(k.value) for n in calls for k in n.keywords if k.arg == "allow_pickle"}
    loads |= {
        "not said"
        for n in calls
        if ast.unparse(n.func).endswith("np.load")
        and "allow_pickle" not in {k.arg for k in n.keywords}
    }
    assert loads <= {"False"}
    calls = {ast.unparse(n.func) for n in calls}
    assert not calls & {
        "numpy.load",
        "np.nan_to_num",
        "np.random.seed",
        "eval",
        "exec",
        "__import__",
    }


def test_there_is_no_other_table_of_checksums():
    assert set(SHA256) == set(datasets.SHA256) and all(
        len(value) == 64 for value in SHA256.values()
    )
