"""TensorFlow, PyTorch and Keras, which section 5.3 compares with this package, and Optuna for 8.1.

They are not installed with the book (the extra [frameworks] of code/pyproject.toml has them), so a
page asks for each by `need`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import sys
from typing import Any

from packaging.requirements import Requirement

MODULES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "keras": "Keras", "optuna": "Optuna"}
PARTS = {
    "tensorflow": ["tensorflow"],
    "torch": ["torch"],
    "keras": ["keras", "tensorflow"],  # Keras computes with TensorFlow here
    "optuna": ["optuna"],
}


class NotInstalled(ImportError):
    """A framework is missing; the message says in one line how to install it.

    A notebook shows that line and no traceback.
    """

    def _render_traceback_(self) -> list[str]:  # IPython asks an exception for this
        return [f"{type(self).__name__}: {self}"]


class Missing:
    """Stands for a framework that is not installed: to all questions it answers how to do that."""

    def __init__(self, message: str):
        self._message = message

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name != "__version__":
            raise AttributeError(name)  # what Python and IPython look for in any object
        raise NotInstalled(self._message)

    def __repr__(self) -> str:
        return self._message


def need(name: str, threads: int = 1) -> Any:
    """Return a framework, set to start without chatter.

    Where it is not installed, the answer is a `Missing`: every cell that uses it stops with one
    line, how to install it. Import them by this function, so that TensorFlow and PyTorch can live
    in one process (see `load_triton`).

    Parameters
    ----------
    name : str
        "tensorflow", "torch", "keras" or "optuna"; ValueError for another.
    threads : int
        With how many threads it shall compute.
    """
    if name not in MODULES:
        raise ValueError(f"unknown framework {name!r}; there are: {', '.join(MODULES)}")
    missing = [part for part in PARTS[name] if importlib.util.find_spec(part) is None]
    if missing:
        return Missing(
            f"{MODULES[name]} is not installed. Run  %pip install "
            f"{' '.join(map(requirement, missing))}  and restart the kernel."
        )
    if name != "optuna":
        load_triton()
    if "tensorflow" in PARTS[name]:
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        # both have to be set before the import: show errors only; sum in one order everywhere,
        # without the oneDNN kernels, which changes the speed: said where a page times TensorFlow
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    module = importlib.import_module(name)
    if name == "torch":
        module.set_num_threads(threads)
    elif "tensorflow" in PARTS[name]:
        threading = importlib.import_module("tensorflow").config.threading
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)
    return module


def load_triton() -> None:
    """Load the compiler triton before TensorFlow, or keep it out.

    PyTorch's ordinary wheel for Linux brings triton and loads it when it first needs an optimiser.
    Where TensorFlow is loaded by then, that is a segmentation fault: each of the two has an LLVM in
    it. The other order works, and so does PyTorch without triton, which only compiles for graphics
    processors.
    """
    if "triton" not in sys.modules and importlib.util.find_spec("triton") is not None:
        if "tensorflow" in sys.modules:
            # too late to load it: from now on it counts as missing
            sys.modules["triton"] = None  # type: ignore[assignment]
        else:
            importlib.import_module("triton")


def requirement(module: str) -> str:
    """What to ask pip for: the pin of the extra [frameworks] that holds on this machine.

    Such as "torch==2.13.0".
    """
    try:
        declared = [Requirement(line) for line in importlib.metadata.requires("backprop") or []]
    except importlib.metadata.PackageNotFoundError:  # the package is on the path, but not installed
        declared = []
    here = [r for r in declared if r.marker is None or r.marker.evaluate({"extra": "frameworks"})]
    return next(
        (f"{r.name}{r.specifier}" for r in here if r.name in (module, f"{module}-cpu")), module
    )
