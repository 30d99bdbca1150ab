r"""Learning digits from what is known about pairs of them: a logical constraint as a loss.

Two pictures show classes c and d; known is only the value ``relation[c, d]``, their sum for
instance. The loss is minus the logarithm of the probability that the network gives to that value,
summed over all pairs that have it: equations (eq-relation-loss) and (eq-relation-gradient) of the
book (manhaeve2018, xu2018).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..doors import array, checked
from ..loop import Stepper, run, shuffled
from ..losses import Loss
from ..network import Network


class PairRelation(Loss):
    """``L = -1/n sum_i log sum_{c, d: relation[c, d] = t_i} p_ic q_id`` for logits of two pictures.

    Outputs are logits, (2n, K): the n first pictures of the pairs, then the n second ones; targets
    are values of the relation, (n,).

    Parameters
    ----------
    relation : array_like of int, (K, K)
        What is observed of a pair of classes c and d.
    """

    name = "relation"

    def __init__(self, relation: np.ndarray):
        self.relation = np.asarray(relation)
        K = len(self.relation) if self.relation.ndim else 0
        if self.relation.shape != (K, K) or self.relation.dtype.kind not in "iub":
            raise ValueError("a relation is a square table of whole numbers, (K, K)")

    def posterior(self, z: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the network says of the pictures without and with the knowledge of `t`.

        Parameters
        ----------
        z : ndarray, (2n, K)
            Logits.
        t : ndarray, (n,)
            Values of the relation.

        Returns
        -------
        p : ndarray, (2n, K)
            The probabilities of each picture alone.
        r : ndarray, (2n, K)
            Those given the pair's value.
        log_P : ndarray, (n,)
            The logarithm of the probability of `t`.
        """
        n = len(t)
        z = z - z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))  # (2n, K)
        joint = log_p[:n, :, None] + log_p[n:, None, :]  # (n, K, K): log p_c q_d
        joint = np.where(self.relation == t[:, None, None], joint, -np.inf)
        m = joint.max(axis=(1, 2))  # log-sum-exp over the pairs that fit
        e = np.exp(joint - m[:, None, None])
        total = e.sum(axis=(1, 2))  # (n,)
        e /= total[:, None, None]  # (n, K, K): the probability of c and d, given t
        r = np.concatenate([e.sum(axis=2), e.sum(axis=1)])  # (2n, K)
        return np.exp(log_p), r, m + np.log(total)

    def both(self, z, t):
        p, r, log_P = self.posterior(z, t)
        return float(-log_P.mean()), (p - r) / len(t)  # (2n, K)

    def targets(self, t, shape, dtype):
        t = array("targets", t)
        if shape != (2 * len(t), len(self.relation)):
            raise ValueError(
                f"{self.name}: {len(t)} pairs need logits of shape "
                f"({2 * len(t)}, {len(self.relation)}), not {shape}"
            )
        if not np.isin(t, self.relation).all():
            raise ValueError(f"{self.name}: some targets are no value of the relation")
        return t


@checked(whole_arrays="t")
def train_on_pairs(
    net: Network,
    loss: PairRelation,
    first: np.ndarray,
    second: np.ndarray,
    t: np.ndarray,
    optimizer: Stepper,
    *,
    epochs: int,
    batch_size: int,
    schedule: Callable[[float], float],
    rng: np.random.Generator,
) -> list[float]:
    """Train `net` in place on pairs of pictures; return the mean loss of each epoch.

    Parameters
    ----------
    net : Network
        From a picture to logits.
    loss : PairRelation
        Knows the relation.
    first : ndarray, (n, d)
        The first pictures of the pairs.
    second : ndarray, (n, d)
        The second ones.
    t : ndarray, (n,)
        What is known of each pair.
    optimizer : Stepper
        Makes the steps.
    epochs : int
        Passes over the pairs.
    batch_size : int
        Pairs a step.
    schedule : callable
        As for `backprop.training.train`.
    rng : numpy.random.Generator
        Source of the shuffling.
    """

    def learn(first: np.ndarray, second: np.ndarray, t: np.ndarray) -> float:
        z = net.propagate(np.concatenate([first, second]))  # (2 batch, d) to (2 batch, K)
        value, grad = loss.both(z, t)
        net.backward(grad)
        return value

    return run(
        net,
        optimizer,
        learn,
        shuffled((first, second, t), batch_size, rng),
        epochs=epochs,
        steps=-(-len(t) // batch_size),
        schedule=schedule,
        progress=False,
    ).loss
