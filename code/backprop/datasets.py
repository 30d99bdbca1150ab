"""Real data, read from files in `data/` whose checksums are known.

Nothing is downloaded and nothing is unpickled. Each ``load_...(folder)`` reads from `data_folder`
unless it is given another folder, and raises `DataFileError` for a file that is missing or altered.
"""

from __future__ import annotations

import gzip
import hashlib
import io
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


class Sentences(NamedTuple):
    """Sentences from film reviews (hutto2014; the texts pang2005) and the ratings they were given.

    A rating is the mean of what 15 to 29 people said, -4 .. 4. They come sorted, the favourable
    ones first: shuffle before cutting them.
    """

    text: list[str]
    rating: np.ndarray


def load_sentences(folder: str | Path | None = None) -> Sentences:
    """Load the 10,605 film-review sentences."""
    rows = table("movie-review-sentences.tsv.xz", folder)
    ratings = np.array([float(rating) for _, rating, _ in rows])
    return Sentences([text for _, _, text in rows], ratings)


class MovieLens(NamedTuple):
    """MovieLens ml-latest-small (harper2015): n ratings of m films.

    Users and films are numbered 0, 1, ... here, so that they are rows of tables.

    Attributes
    ----------
    user, movie : array of int, shape (n,)
        Who rated what.
    rating : array of shape (n,)
        0.5 .. 5.
    time : array of int, shape (n,)
        Seconds since 1970.
    title : list of str
        Of each film, with its year, where that is known.
    genres : list of tuple of str
        Of each film.
    movie_id : array of int, shape (m,)
        The number of each film at MovieLens.
    """

    user: np.ndarray
    movie: np.ndarray
    rating: np.ndarray
    time: np.ndarray
    title: list[str]
    genres: list[tuple[str, ...]]
    movie_id: np.ndarray


def load_movielens(folder: str | Path | None = None) -> MovieLens:
    """Load 100,004 ratings of 9,066 films by 671 people."""
    ratings = table("movielens-ratings.tsv.xz", folder)[1:]
    films = table("movielens-movies.tsv.xz", folder)[1:]
    user, movie, time = (np.array([int(row[k]) for row in ratings]) for k in (0, 1, 3))
    movie_id = np.array([int(film[0]) for film in films])  # ascending
    titles = [
        f"{title or 'untitled'} ({year})" if year else title or "untitled"
        for _, title, year, _ in films
    ]
    # of a film without any, the file says "(no genres listed)"
    genres = [() if names.startswith("(") else tuple(names.split("|")) for *_, names in films]
    user = np.unique(user, return_inverse=True)[1]
    movie = np.searchsorted(movie_id, movie)
    rating = np.array([float(row[2]) for row in ratings])
    return MovieLens(user, movie, rating, time, titles, genres, movie_id)


def load_squeezenet(folder: str | Path | None = None) -> dict[str, np.ndarray]:
    """The weights of SqueezeNet 1.1 for ImageNet (iandola2016), float16, by name.

    Such as "fire2/squeeze1x1/W"; see `backprop.images.squeezenet`.
    """
    with np.load(io.BytesIO(read_checked("squeezenet.npz", folder)), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays}


def load_sonnets(folder: str | Path | None = None) -> str:
    """Shakespeare's 154 sonnets, 95,728 characters of 62 kinds."""
    return lzma.decompress(read_checked("sonnets.txt.xz", folder)).decode("ascii")


class Pronunciations(NamedTuple):
    """The CMU Pronouncing Dictionary: words in lower case, ARPAbet symbols ("K", "AE1", "T")."""

    word: list[str]
    sounds: list[tuple[str, ...]]


def load_cmudict(
    folder: str | Path | None = None, stress: bool = True, variants: bool = False
) -> Pronunciations:
    """Load 126,052 words with their sounds, in the dictionary's order.

    Parameters
    ----------
    folder : path, optional
    stress : bool
        False leaves out the digits of the vowels (0 none, 1 main, 2 second stress).
    variants : bool
        True gives 135,166 pairs: a word comes once for each pronunciation.
    """
    found = Pronunciations([], [])
    for line in lines("cmudict.txt.xz", folder):
        word, *sounds = line.partition(" #")[0].split()
        if word.endswith(")"):  # "read(2)": another pronunciation of "read"
            if not variants:
                continue
            word = word[: word.index("(")]
        found.word.append(word)
        found.sounds.append(tuple(sounds if stress else (sound.rstrip("012") for sound in sounds)))
    return found


class Sonar(NamedTuple):
    """Echoes from a metal cylinder and from a rock (gorman1988).

    `X`, (208, 60), is the energy in 60 bands of frequency, low to high, in [0, 1]; `y`, (208,), is
    0 for a rock, 1 for the cylinder ("mine"). The rocks come first; neighbouring rows are mostly
    echoes from neighbouring angles.
    """

    X: np.ndarray
    y: np.ndarray


def load_sonar(folder: str | Path | None = None) -> Sonar:
    """Load Sonar: 97 echoes of a rock and 111 of a metal cylinder."""
    rows = table("sonar.csv.xz", folder, ",")
    energy = np.array([row[:-1] for row in rows], float)
    return Sonar(energy, np.array([int(row[-1] == "M") for row in rows]))


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
