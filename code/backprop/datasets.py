"""Real data, read from files in `data/` whose checksums are known. Nothing is downloaded and nothing is unpickled."""
from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

SHA256 = {
    "train-images-idx3-ubyte.gz": "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64",
    "train-labels-idx1-ubyte.gz": "fe03b8bd7915f70bf5aa08be480aa413fbd85afcaa58b35d230d335f284fd88e",
    "t10k-images-idx3-ubyte.gz": "5634745efa576a17e7d4cf5cd9d09123c75e6538e5114267c2d156edaf519341",
    "t10k-labels-idx1-ubyte.gz": "ae18e77e031ccde52407f794d123116439864147d33ac992975f85dd4dc42af6",
}


class DataFileError(OSError):
    """A data file is missing, truncated or altered."""


def data_folder() -> Path:
    """The folder `data/`: the environment variable BACKPROP_DATA, or the one of the checkout that this package lies in."""
    return Path(os.environ.get("BACKPROP_DATA") or Path(__file__).parents[2] / "data")


def read_checked(name: str, folder: str | Path | None = None) -> bytes:
    """Return the bytes of data file `name`, or raise `DataFileError` that names the file and both checksums."""
    path = Path(folder or data_folder()) / name
    if not path.is_file():
        raise DataFileError(f"{path} is missing; it comes with the book's repository (set BACKPROP_DATA if it lies elsewhere)")
    raw = path.read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != SHA256[name]:
        raise DataFileError(f"{path} is truncated or altered ({len(raw):,} bytes): its SHA-256 is {found}, expected {SHA256[name]}; "
                            "restore it with: git checkout -- data")
    return raw


class Mnist(NamedTuple):
    """MNIST (lecun1998): `X` float32 in [0, 1], (n, 784), one 28 x 28 picture a row, 0 is background; `y` labels 0 .. 9, (n,)."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_mnist(folder: str | Path | None = None) -> Mnist:
    """Load all of MNIST: 60,000 training and 10,000 test pictures (188 + 31 MB in memory). Raises `DataFileError`."""
    X_train, X_test = (idx(read_checked(f"{part}-images-idx3-ubyte.gz", folder)).reshape(-1, 784) for part in ("train", "t10k"))
    y_train, y_test = (idx(read_checked(f"{part}-labels-idx1-ubyte.gz", folder)).astype(np.int64) for part in ("train", "t10k"))
    scale = np.float32(1 / 255)
    return Mnist(X_train * scale, y_train, X_test * scale, y_test)


def idx(packed: bytes) -> np.ndarray:
    """Read the IDX format of unsigned bytes: 2 zero bytes, type 8, number of axes, the length of each (big-endian), the bytes."""
    raw = gzip.decompress(packed)
    if raw[:3] != b"\0\0\x08":
        raise DataFileError(f"not an IDX file of unsigned bytes: it starts with {raw[:3].hex() or 'nothing'}, not 000008")
    axes = raw[3]
    shape = np.frombuffer(raw, ">u4", axes, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def split(n: int, held_out: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return shuffled indices of 0 .. n-1 in two parts, the second of size `held_out`: training and validation."""
    if not 0 < held_out < n:
        raise ValueError(f"held_out must lie in 1 .. {n - 1}, not {held_out}")
    order = rng.permutation(n)
    return order[held_out:], order[:held_out]
