r"""Embeddings: a vector an id, and the sparse gradient that comes of it; a loss over ids.

Taking rows of a table is the product with one-hot rows, without the product. Its gradient is 0 in
every row that the batch did not take: ``dL/dE[k]`` is the sum of the errors of all places where id
k stood. The layer keeps that sum as `rows` and `row_gradients`; an optimiser that knows it
(`SparseSGD`, `LazyAdam` in `rows`) touches those rows only.
"""

from __future__ import annotations

import numpy as np

from ..doors import Arrays, array, checked, generator
from ..doors import ids as ids_door
from ..losses import CrossEntropy, Loss
from ..network import Layer


class Embedding(Layer):
    r"""A row of the table E for each id, (...) to (..., d): equation (eq-embedding-forward).

    Back, the errors of equal ids add up: equation (eq-embedding-backward).

    Parameters
    ----------
    count : int
        How many ids there are: 0 .. count-1.
    d : int
        Length of a vector.
    scale : float
        Standard deviation of the initial entries, which are normal with mean 0.
    padding : int, optional
        An id whose vector is 0 and stays 0.
    dense : bool
        True also fills ``gradients["E"]``, all of it, for optimisers and checks that take whole
        vectors. False is for large tables: then `gradients` is empty, and `rows` and
        `row_gradients` are all there is.
    rng : numpy.random.Generator, optional
        Source of the initial entries.
    dtype : float64 or float32
        Of the table.

    Attributes
    ----------
    rows : ndarray of int, (m,)
        The different ids of the last batch, ascending.
    row_gradients : ndarray, (m, d)
        dL/dE of those rows.
    """

    takes_ids = True

    def __init__(
        self,
        count: int,
        d: int,
        *,
        scale: float = 1.0,
        padding: int | None = None,
        dense: bool = True,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        if padding is not None and not 0 <= padding < count:
            raise ValueError(f"padding must be one of the ids 0 .. {count - 1}, not {padding}")
        rng = generator(rng)
        self.count, self.padding, self.dense = count, padding, dense
        E = rng.normal(0, scale, (count, d)).astype(dtype)
        if padding is not None:
            E[padding] = 0
        self.own(E=E)
        if not dense:
            self._gradients = Arrays()

    def check(self, ids: np.ndarray) -> None:
        """Raise TypeError unless ids are integers, ValueError for one out of range."""
        ids_door("ids", ids, self.count)

    def forward(self, ids: np.ndarray) -> np.ndarray:
        """(...) to (..., d)."""
        self.ids = ids
        return self.parameters["E"][ids]  # (...,) to (..., d)

    def backward(self, grad: np.ndarray, inputs: bool = False) -> None:
        """Add up the errors `grad`, (..., d), of equal ids. Ids have no gradient: returns None."""
        grad = grad.reshape(self.ids.size, -1)  # (N, d)
        self.rows, self.row_gradients = sum_of_equal(self.ids.ravel(), grad)
        if self.padding is not None:
            self.row_gradients[self.rows == self.padding] = 0
        if self.dense:
            self.gradients["E"][...] = 0
            self.gradients["E"][self.rows] = self.row_gradients

    def output_shape(self, shape):
        return (*shape, self.parameters["E"].shape[1])


@checked(whole_arrays="ids")
def sum_of_equal(ids: np.ndarray, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum the rows of `grad`, (N, d), that have equal `ids`, (N,).

    Returns
    -------
    rows : ndarray of int, (m,)
        The different ids, ascending.
    sums : ndarray, (m, d)
        The sum for each of them.
    """
    order = np.argsort(ids, kind="stable")  # equal ids side by side
    rows, first = np.unique(ids[order], return_index=True)
    if len(rows) == 0:
        return rows, grad[:0]
    return rows, np.add.reduceat(grad[order], first, axis=0)  # (N, d) to (m, d)


class SequenceCrossEntropy(Loss):
    r"""The cross-entropy of logits (n, T, K) and ids (n, T): equation (eq-embedding-sequence-loss).

    It is the mean over all places that count.

    Parameters
    ----------
    ignore : int
        Targets of this id do not count: the filling behind the end of a sequence.
    """

    name = "sequence cross-entropy"
    applies = "softmax"

    def __init__(self, ignore: int = -1):
        self.ignore = ignore
        self.places = CrossEntropy()  # of the places that count, side by side

    def both(self, z, t):
        counts = t != self.ignore  # (n, T)
        grad = np.zeros_like(z)
        value, of_places = self.places.unchecked(
            z[counts], t[counts]
        )  # (m, K), (m,): m places count
        grad[counts] = of_places  # (m, K) into (n, T, K)
        return value, grad

    def predict(self, z):
        return self.places.predict(z)

    def targets(self, t, shape, dtype):
        t = array("targets", t)
        if t.dtype.kind not in "iu":
            raise ValueError(f"{self.name}: targets must be ids, integers, not {t.dtype}")
        if len(shape) != 3 or t.shape != shape[:2]:
            raise ValueError(
                f"{self.name}: targets have shape {t.shape}, the network's output {shape}; "
                "one id a place: (n, T) for (n, T, K)"
            )
        counted = t[t != self.ignore]
        if not counted.size:
            raise ValueError(
                f"{self.name}: every target is {self.ignore}, which does not count: "
                "there is nothing to learn from"
            )
        K = shape[2]
        if counted.min() < 0 or counted.max() >= K:
            raise ValueError(
                f"{self.name}: ids lie in {counted.min()} .. {counted.max()}, "
                f"but there are {K} classes, 0 .. {K - 1}"
            )
        return t
