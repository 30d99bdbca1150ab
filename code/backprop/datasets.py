"""Real data, read from files in `data/` whose checksums are known. Nothing is downloaded and nothing is unpickled."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

SHA256 = {
    "train-images-idx3-ubyte.gz": "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64",
    "train-labels-idx1-ubyte.gz": "fe03b8bd7915f70bf5aa08be480aa413fbd85afcaa58b35d230d335f284fd88e",
    "t10k-images-idx3-ubyte.gz": "5634745efa576a17e7d4cf5cd9d09123c75e6538e5114267c2d156edaf519341",
    "t10k-labels-idx1-ubyte.gz": "ae18e77e031ccde52407f794d123116439864147d33ac992975f85dd4dc42af6",
    "fashion-train-images-idx3-ubyte.xz": "6a2743c03abf4e0c7f1b9c2d02ee02b457e7ba39a692685f19dfbd4911218fff",
    "fashion-train-labels-idx1-ubyte.xz": "5462d7f8c3b18caae3c95671b3137770f24e3802abe2dba99a22a756c666cb90",
    "fashion-t10k-images-idx3-ubyte.xz": "8fbff2c99f6a9b76b9dfae8ae9685708132dee74eea6e6547f07988e580d3d10",
    "fashion-t10k-labels-idx1-ubyte.xz": "acf0f27f53f769dec992448505c0dcaa98e5f1bd8e712c1b57ac9273bf657afd",
    "movie-review-sentences.tsv.xz": "b58408a2962e349878993ddbeb64f50e557ce4a62f4527f8aeb1cc55ce712d1a",
    "movielens-ratings.tsv.xz": "5a127fa7e9b7858438152ea643fe144dcce0c74586a88ba507f414b451424e84",
    "movielens-movies.tsv.xz": "ddec0d5ba7e5c7ec9f6225502201eb5b43455d10da43f2b4e15debb34a8d6c85",
    "squeezenet.npz": "e99e20cd774fae057332e115260b86a2ae7328d195f0f4ecd72b255608832def",
    "sonnets.txt.xz": "2cbe6cbdaa784f8625aa833eed424c9d6b4f1fd23aae5ebad688ffd53396e75d",
    "cmudict.txt.xz": "ddfb36045e57460808c95e484ee05a68d39ab453db8883876732fcc3a6537a32",
    "sonar.csv.xz": "60b8556b805af3e0af3dbfe3f79fa616b03c220a3f7b21d40b153a8498221335",
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
        raise DataFileError(
            f"{path} is missing; it comes with the book's repository (set BACKPROP_DATA if it lies elsewhere)"
        )
    raw = path.read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != SHA256[name]:
        raise DataFileError(
            f"{path} is truncated or altered ({len(raw):,} bytes): its SHA-256 is {found}, expected {SHA256[name]}; "
            "restore it with: git checkout -- data"
        )
    return raw


class Mnist(NamedTuple):
    """MNIST (lecun1998): `X` float32 in [0, 1], (n, 784), one 28 x 28 picture a row, 0 is background; `y` labels 0 .. 9, (n,)."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_mnist(folder: str | Path | None = None) -> Mnist:
    """Load all of MNIST: 60,000 training and 10,000 test pictures (188 + 31 MB in memory). Raises `DataFileError`."""
    return Mnist(*pictures("{}-images-idx3-ubyte.gz", "{}-labels-idx1-ubyte.gz", folder))


FASHION_CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


class FashionMnist(NamedTuple):
    """Fashion-MNIST (xiao2017): `X` float32 in [0, 1], (n, 784), one 28 x 28 picture a row; `y` labels 0 .. 9, (n,): `FASHION_CLASSES`."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_fashion_mnist(folder: str | Path | None = None) -> FashionMnist:
    """Load Fashion-MNIST: all 10,000 test pictures, and of the 60,000 training pictures the first 2,000 of each class, in their order.

    Raises `DataFileError`. Results published for all 60,000 are a little better than what these 20,000 give.
    """
    return FashionMnist(
        *pictures("fashion-{}-images-idx3-ubyte.xz", "fashion-{}-labels-idx1-ubyte.xz", folder)
    )


def pictures(images: str, labels: str, folder: str | Path | None) -> tuple[np.ndarray, ...]:
    """Read pictures and labels, train and test: X_train, y_train, X_test, y_test."""
    scale, found = np.float32(1 / 255), []
    for part in ("train", "t10k"):
        found.append(idx(read_checked(images.format(part), folder)).reshape(-1, 784) * scale)
        found.append(idx(read_checked(labels.format(part), folder)).astype(np.int64))
    return tuple(found)


class Sentences(NamedTuple):
    """Sentences from film reviews (hutto2014; the texts pang2005): `text`, n strings, and `rating`, (n,), the mean of 15 to 29 people's, -4 .. 4.

    They come sorted, the favourable ones first: shuffle before cutting them.
    """

    text: list[str]
    rating: np.ndarray


def load_sentences(folder: str | Path | None = None) -> Sentences:
    """Load the 10,605 film-review sentences. Raises `DataFileError`."""
    rows = table("movie-review-sentences.tsv.xz", folder)
    return Sentences(
        [text for _, _, text in rows], np.array([float(rating) for _, rating, _ in rows])
    )


class MovieLens(NamedTuple):
    """MovieLens ml-latest-small (harper2015). Users and films are numbered 0, 1, ... here, so that they are rows of tables.

    `user`, `movie` (n,) integers, `rating` (n,) in 0.5 .. 5, `time` (n,) seconds since 1970; for each film `title` (with its year, where that
    is known), `genres`, a tuple of words, and `movie_id`, its number at MovieLens.
    """

    user: np.ndarray
    movie: np.ndarray
    rating: np.ndarray
    time: np.ndarray
    title: list[str]
    genres: list[tuple[str, ...]]
    movie_id: np.ndarray


def load_movielens(folder: str | Path | None = None) -> MovieLens:
    """Load 100,004 ratings of 9,066 films by 671 people. Raises `DataFileError`."""
    ratings, films = (
        table("movielens-ratings.tsv.xz", folder)[1:],
        table("movielens-movies.tsv.xz", folder)[1:],
    )
    user, movie, time = (np.array([int(row[k]) for row in ratings]) for k in (0, 1, 3))
    movie_id = np.array([int(film[0]) for film in films])  # ascending
    titles = [
        f"{title or 'untitled'} ({year})" if year else title or "untitled"
        for _, title, year, _ in films
    ]
    genres = [
        () if names.startswith("(") else tuple(names.split("|")) for *_, names in films
    ]  # "(no genres listed)"
    return MovieLens(
        np.unique(user, return_inverse=True)[1],
        np.searchsorted(movie_id, movie),
        np.array([float(row[2]) for row in ratings]),
        time,
        titles,
        genres,
        movie_id,
    )


def load_squeezenet(folder: str | Path | None = None) -> dict[str, np.ndarray]:
    """The weights of SqueezeNet 1.1 for ImageNet (iandola2016): name, such as "fire2/squeeze1x1/W", to float16 array; see `backprop.images.squeezenet`."""
    with np.load(io.BytesIO(read_checked("squeezenet.npz", folder)), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays}


def load_sonnets(folder: str | Path | None = None) -> str:
    """Shakespeare's 154 sonnets, 95,728 characters of 62 kinds. Raises `DataFileError`."""
    return lzma.decompress(read_checked("sonnets.txt.xz", folder)).decode("ascii")


class Pronunciations(NamedTuple):
    """The CMU Pronouncing Dictionary: `word`, n strings in lower case, and `sounds`, to each a tuple of ARPAbet symbols, ("K", "AE1", "T")."""

    word: list[str]
    sounds: list[tuple[str, ...]]


def load_cmudict(
    folder: str | Path | None = None, stress: bool = True, variants: bool = False
) -> Pronunciations:
    """Load 126,052 words with their sounds, in the dictionary's order; with `variants` 135,166 pairs: a word comes once for each pronunciation.

    ``stress=False`` leaves out the digits of the vowels (0 none, 1 main, 2 second stress). Raises `DataFileError`.
    """
    found = Pronunciations([], [])
    for line in (
        lzma.decompress(read_checked("cmudict.txt.xz", folder)).decode("utf-8").splitlines()
    ):
        word, *sounds = line.partition(" #")[0].split()
        if word.endswith(")"):  # "read(2)": another pronunciation of "read"
            if not variants:
                continue
            word = word[: word.index("(")]
        found.word.append(word)
        found.sounds.append(tuple(sounds if stress else (sound.rstrip("012") for sound in sounds)))
    return found


class Sonar(NamedTuple):
    """Echoes from a metal cylinder and from a rock (gorman1988): `X` float64 in [0, 1], (208, 60), the energy in 60 bands of frequency, low to
    high; `y` (208,): 0 rock, 1 cylinder ("mine"). The rocks come first; neighbouring rows are mostly echoes from neighbouring angles."""

    X: np.ndarray
    y: np.ndarray


def load_sonar(folder: str | Path | None = None) -> Sonar:
    """Load Sonar: 97 echoes of a rock and 111 of a metal cylinder. Raises `DataFileError`."""
    rows = [
        line.split(",")
        for line in lzma.decompress(read_checked("sonar.csv.xz", folder))
        .decode("ascii")
        .splitlines()
    ]
    return Sonar(
        np.array([row[:-1] for row in rows], float), np.array([int(row[-1] == "M") for row in rows])
    )


def table(name: str, folder: str | Path | None) -> list[list[str]]:
    """The rows of a tab-separated text file, packed with xz."""
    return [
        line.split("\t")
        for line in lzma.decompress(read_checked(name, folder)).decode("utf-8").splitlines()
    ]


def idx(packed: bytes) -> np.ndarray:
    """Read the IDX format of unsigned bytes, packed with gzip or xz.

    Its bytes: 2 zeros, type 8, number of axes, the length of each (big-endian), then the numbers.
    """
    raw = (lzma if packed[:6] == b"\xfd7zXZ\0" else gzip).decompress(packed)
    if raw[:3] != b"\0\0\x08":
        raise DataFileError(
            f"not an IDX file of unsigned bytes: it starts with {raw[:3].hex() or 'nothing'}, not 000008"
        )
    axes = raw[3]
    shape = np.frombuffer(raw, ">u4", axes, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def split(n: int, held_out: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return shuffled indices of 0 .. n-1 in two parts, the second of size `held_out`: training and validation."""
    if not 0 < held_out < n:
        raise ValueError(f"held_out must lie in 1 .. {n - 1}, not {held_out}")
    order = rng.permutation(n)
    return order[held_out:], order[:held_out]
