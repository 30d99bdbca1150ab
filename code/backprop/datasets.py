"""Real data, read from files in `data/` whose checksums are known.

Nothing is downloaded and nothing is unpickled. Each ``load_...(folder)`` reads from `data_folder`
unless it is given another folder, and raises `DataFileError` for a file that is missing or altered.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

SHA256SUMS = """
71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64  train-images-idx3-ubyte.gz
fe03b8bd7915f70bf5aa08be480aa413fbd85afcaa58b35d230d335f284fd88e  train-labels-idx1-ubyte.gz
5634745efa576a17e7d4cf5cd9d09123c75e6538e5114267c2d156edaf519341  t10k-images-idx3-ubyte.gz
ae18e77e031ccde52407f794d123116439864147d33ac992975f85dd4dc42af6  t10k-labels-idx1-ubyte.gz
6a2743c03abf4e0c7f1b9c2d02ee02b457e7ba39a692685f19dfbd4911218fff  fashion-train-images-idx3-ubyte.xz
5462d7f8c3b18caae3c95671b3137770f24e3802abe2dba99a22a756c666cb90  fashion-train-labels-idx1-ubyte.xz
8fbff2c99f6a9b76b9dfae8ae9685708132dee74eea6e6547f07988e580d3d10  fashion-t10k-images-idx3-ubyte.xz
acf0f27f53f769dec992448505c0dcaa98e5f1bd8e712c1b57ac9273bf657afd  fashion-t10k-labels-idx1-ubyte.xz
b58408a2962e349878993ddbeb64f50e557ce4a62f4527f8aeb1cc55ce712d1a  movie-review-sentences.tsv.xz
5a127fa7e9b7858438152ea643fe144dcce0c74586a88ba507f414b451424e84  movielens-ratings.tsv.xz
ddec0d5ba7e5c7ec9f6225502201eb5b43455d10da43f2b4e15debb34a8d6c85  movielens-movies.tsv.xz
e99e20cd774fae057332e115260b86a2ae7328d195f0f4ecd72b255608832def  squeezenet.npz
2cbe6cbdaa784f8625aa833eed424c9d6b4f1fd23aae5ebad688ffd53396e75d  sonnets.txt.xz
ddfb36045e57460808c95e484ee05a68d39ab453db8883876732fcc3a6537a32  cmudict.txt.xz
60b8556b805af3e0af3dbfe3f79fa616b03c220a3f7b21d40b153a8498221335  sonar.csv.xz
139bca422c31f5b0d54a956757bf8e2d2b0303eb4afe08a3ec26dc0256630dfc  spoken-digits.npz
"""  # as `sha256sum` prints them
SHA256 = {name: digest for digest, name in map(str.split, SHA256SUMS.strip().splitlines())}


class DataFileError(OSError):
    """A data file is missing, truncated or altered."""


def data_folder() -> Path:
    """The folder `data/`: that in BACKPROP_DATA, or of the checkout that this package lies in."""
    return Path(os.environ.get("BACKPROP_DATA") or Path(__file__).parents[2] / "data")


def read_checked(name: str, folder: str | Path | None = None) -> bytes:
    """Return the bytes of data file `name`; `DataFileError` names the file and both checksums."""
    path = Path(folder or data_folder()) / name
    if not path.is_file():
        raise DataFileError(
            f"{path} is missing; it comes with the book's repository "
            "(set BACKPROP_DATA if it lies elsewhere)"
        )
    raw = path.read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != SHA256[name]:
        raise DataFileError(
            f"{path} is truncated or altered ({len(raw):,} bytes): its SHA-256 is {found}, "
            f"expected {SHA256[name]}; restore it with: git checkout -- data"
        )
    return raw


class Pictures(NamedTuple):
    """Pictures of 28 x 28 points and their classes: MNIST (lecun1998) or Fashion-MNIST (xiao2017).

    Attributes
    ----------
    X_train, X_test : array of float32, shape (n, 784)
        In [0, 1], one picture a row; 0 is the background.
    y_train, y_test : array of int, shape (n,)
        Digits 0 .. 9, or places in `FASHION_CLASSES`.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_mnist(folder: str | Path | None = None) -> Pictures:
    """Load MNIST: 60,000 training and 10,000 test pictures (188 + 31 MB in memory)."""
    return pictures("{}-images-idx3-ubyte.gz", "{}-labels-idx1-ubyte.gz", folder)


FASHION_CLASSES = tuple(
    "T-shirt/top|trouser|pullover|dress|coat|sandal|shirt|sneaker|bag|ankle boot".split("|")
)


def load_fashion_mnist(folder: str | Path | None = None) -> Pictures:
    """Load Fashion-MNIST: 10,000 test pictures, and the first 2,000 training ones of each class.

    They stand in their order. Results published for all 60,000 training pictures are a little
    better than what these 20,000 give.
    """
    return pictures("fashion-{}-images-idx3-ubyte.xz", "fashion-{}-labels-idx1-ubyte.xz", folder)


def pictures(images: str, labels: str, folder: str | Path | None) -> Pictures:
    """Read pictures and labels; "train" and "t10k" stand for the braces in the files' names."""
    scale, found = np.float32(1 / 255), []
    for part in ("train", "t10k"):
        found.append(idx(read_checked(images.format(part), folder)).reshape(-1, 784) * scale)
        found.append(idx(read_checked(labels.format(part), folder)).astype(np.int64))
    return Pictures(*found)


def lines(name: str, folder: str | Path | None) -> list[str]:
    """The lines of a text file, packed with xz."""
    return lzma.decompress(read_checked(name, folder)).decode("utf-8").splitlines()


def table(name: str, folder: str | Path | None, separator: str = "\t") -> list[list[str]]:
    """The rows of a text file with columns, packed with xz."""
    return [line.split(separator) for line in lines(name, folder)]


def idx(packed: bytes) -> np.ndarray:
    """Read the IDX format of unsigned bytes, packed with gzip or xz.

    Its bytes: 2 zeros, type 8, number of axes, the length of each (big-endian), then the numbers.
    """
    raw = (lzma if packed[:6] == b"\xfd7zXZ\0" else gzip).decompress(packed)
    if raw[:3] != b"\0\0\x08":
        raise DataFileError(
            "not an IDX file of unsigned bytes: it starts with "
            f"{raw[:3].hex() or 'nothing'}, not 000008"
        )
    axes = raw[3]
    shape = np.frombuffer(raw, ">u4", axes, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def split(n: int, held_out: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return 0 .. n-1, shuffled, in two parts, the second one of size `held_out`."""
    if not 0 < held_out < n:
        raise ValueError(f"held_out must lie in 1 .. {n - 1}, not {held_out}")
    order = rng.permutation(n)
    return order[held_out:], order[:held_out]
