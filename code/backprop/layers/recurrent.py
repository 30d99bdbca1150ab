r"""Recurrent layers, forward over a sequence and backward through time.

A batch of sequences is (n, T, d): sample, step, feature; a layer makes (n, T, h) of it. The
weighted inputs of all steps are one matrix product, and so are the gradients of all weights; only
the state has to go step by step, forward and then back (werbos1990).

Where a mask (n, T) is False, a sequence has no element: the state stays as it is, and the error
passes unchanged.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..doors import fitting, generator
from ..network import Layer


class Recurrent(Layer):
    r"""What the three cells share: all steps' ``x_t Wx + b``, and backpropagation through time.

    Equations (eq-bptt-backward) and (eq-bptt-weights). A cell writes `step`, from ``x_t Wx + b``
    and the state to the next state, and `step_backward`, its derivative. The state is (n, s), s = h
    but for the LSTM, whose state is the pair of h and c in one row. In the shapes g is the number
    of blocks of h columns in the weights: the gates and the proposal.

    Parameters
    ----------
    d : int
        Features of an element.
    h : int
        Units.
    last : bool
        True returns only the last h, (n, h), for a label a sequence.
    rng : numpy.random.Generator, optional
        Source of the initial weights: ``Wx``, (d, g h), is normal with variance 1/d, ``Wh``,
        (h, g h), orthogonal in each block (saxe2014); ``b`` is 0.
    dtype : float64 or float32
        Of the parameters.

    Attributes
    ----------
    h : ndarray, (n, T, h)
        The outputs.
    state : ndarray, (n, s)
        The state after the last step; pass it as `start` to go on where a batch ended.
    grad_norms : ndarray, (n, T + 1)
        After `backward`: the norm of dL/dh_t for each sample, all that reaches h_t from its output
        and from later steps; t = 0 is the initial state.
    grad_start : ndarray, (n, s)
        After `backward`: dL/d(start).
    """

    gates = 1  # g
    parts = 1  # the state holds h, or h and c
    kept: list  # what a cell keeps of each step for the way back

    def __init__(
        self,
        d: int,
        h: int,
        *,
        last: bool = False,
        rng: np.random.Generator | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        rng = generator(rng)
        self.d, self.units, self.last = d, h, last
        Wx = rng.normal(0, np.sqrt(1 / d), (d, self.gates * h))
        blocks = [np.linalg.qr(rng.normal(size=(h, h)))[0] for _ in range(self.gates)]
        Wh = np.concatenate(blocks, axis=1)  # (h, g h)
        self.own(Wx=Wx.astype(dtype), Wh=Wh.astype(dtype), b=np.zeros(self.gates * h, dtype))

    def step(self, t: int, z: np.ndarray, state: np.ndarray) -> np.ndarray:
        """One step forward; keeps in ``self.kept[t]`` what the way back needs.

        Parameters
        ----------
        t : int
            The step, from 0.
        z : ndarray, (n, g h)
            ``x_t Wx + b``; what the state adds to it is the cell's to compute.
        state : ndarray, (n, s)
            The state before.

        Returns
        -------
        ndarray, (n, s)
            The state after.
        """
        raise NotImplementedError

    def step_backward(self, t: int, grad: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
        """One step back.

        Parameters
        ----------
        t : int
            The step, from 0.
        grad : ndarray, (n, s)
            ``dL/d(state after)``.
        state : ndarray, (n, s)
            The state before.

        Returns
        -------
        grad_z : ndarray, (n, g h)
            ``dL/dz``, z as for `step`.
        grad_r : ndarray, (n, g h)
            ``dL/d(h Wh)``, h that of the state before.
        before : ndarray, (n, s)
            ``dL/d(state before)`` without the part that goes through Wh.
        """
        raise NotImplementedError

    def check(
        self, x: np.ndarray, start: np.ndarray | None = None, mask: np.ndarray | None = None
    ) -> None:
        """Raise ValueError unless x, the mask and the state at the start have fitting shapes."""
        if x.ndim != 3 or x.shape[2] != self.d or x.shape[1] == 0:
            raise ValueError(
                f"x has shape {x.shape}; the layer takes (n, T, {self.d}) with at least one step"
            )
        fitting(self.mask if mask is None else mask, x)
        state = (len(x), self.parts * self.units)
        if start is not None and np.shape(start) != state:
            pair = "; h and c stand in one row, np.hstack([h, c])" if self.parts == 2 else ""
            raise ValueError(
                f"the state at the start has shape {np.shape(start)}, not {state}{pair}"
            )

    def forward(
        self, x: np.ndarray, start: np.ndarray | None = None, mask: np.ndarray | None = None
    ) -> np.ndarray:
        """(n, T, d) to (n, T, h), or to (n, h) with ``last=True``.

        Parameters
        ----------
        x : ndarray, (n, T, d)
            The sequences.
        start : ndarray, (n, s), optional
            The state before the first step, by default 0.
        mask : ndarray of bool, (n, T), optional
            Where a sequence has an element, by default the layer's mask.
        """
        self.seen = self.mask if mask is None else mask
        n, T, d = x.shape
        self.x = np.ascontiguousarray(x.transpose(1, 0, 2))  # (T, n, d): a step's batch together
        z = self.x.reshape(T * n, d) @ self.parameters["Wx"]  # (T n, d) @ (d, g h)
        z += self.parameters["b"]  # + (g h,)
        z = z.reshape(T, n, -1)  # (T, n, g h)
        self.states = np.empty((T + 1, n, self.parts * self.units), x.dtype)
        self.states[0] = 0 if start is None else start  # states[t] is the state before step t
        self.kept = [None] * T
        for t in range(T):
            after = self.step(t, z[t], self.states[t])  # (n, s)
            if self.seen is not None:
                after = np.where(self.seen[:, t, None], after, self.states[t])
            self.states[t + 1] = after
        self.state = self.states[T]
        self.h = self.states[1:, :, : self.units].transpose(1, 0, 2)  # (n, T, h)
        return self.h[:, -1] if self.last else self.h

    def backward(
        self, grad: np.ndarray, inputs: bool = True, grad_state: np.ndarray | None = None
    ) -> np.ndarray | Any:
        """``dL/dh``, of the output's shape, to ``dL/dx``, (n, T, d); fills `gradients`.

        Parameters
        ----------
        grad : ndarray, (n, T, h) or (n, h)
            What reaches the outputs.
        inputs : bool
            False leaves out ``dL/dx``.
        grad_state : ndarray, (n, s), optional
            What reaches the last state from elsewhere, by default 0.
        """
        n, s = self.states.shape[1:]
        T = len(self.states) - 1
        h, Wh = self.units, self.parameters["Wh"]
        carry = np.zeros((n, s), grad.dtype)  # dL/d(state), what comes from the future
        if grad_state is not None:
            carry += grad_state
        if self.last:
            carry[:, :h] += grad
        grad_z, grad_r = np.empty((2, T, n, self.gates * h), grad.dtype)
        self.grad_norms = np.empty((n, T + 1), grad.dtype)
        for t in reversed(range(T)):
            if not self.last:
                carry[:, :h] += grad[:, t]  # the future, and the output of this step
            self.grad_norms[:, t + 1] = np.linalg.norm(carry[:, :h], axis=1)
            grad_z[t], grad_r[t], before = self.step_backward(t, carry, self.states[t])
            before[:, :h] += grad_r[t] @ Wh.T  # (n, g h) @ (g h, h)
            if self.seen is not None:
                seen = self.seen[:, t, None]
                before = np.where(seen, before, carry)
                grad_z[t] *= seen
                grad_r[t] *= seen
            carry = before
        self.grad_norms[:, 0] = np.linalg.norm(carry[:, :h], axis=1)
        self.grad_start = carry
        self.weight_gradients(grad_z, grad_r)
        if not inputs:
            return None
        grad_x = grad_z.reshape(T * n, -1) @ self.parameters["Wx"].T  # (T n, g h) @ (g h, d)
        return grad_x.reshape(T, n, self.d).transpose(1, 0, 2)

    def weight_gradients(self, grad_z: np.ndarray, grad_r: np.ndarray) -> None:
        """The gradients of all steps at once: equation (eq-bptt-weights)."""
        rows = grad_z.shape[0] * grad_z.shape[1]  # T n
        before = self.states[:-1, :, : self.units].reshape(rows, -1)  # (T n, h)
        grad_z, grad_r = grad_z.reshape(rows, -1), grad_r.reshape(rows, -1)  # (T n, g h)
        x = self.x.reshape(rows, -1)  # (T n, d)
        np.matmul(x.T, grad_z, out=self.gradients["Wx"])  # (d, T n) @ (T n, g h)
        np.matmul(before.T, grad_r, out=self.gradients["Wh"])  # (h, T n) @ (T n, g h)
        self.gradients["b"][...] = grad_z.sum(axis=0)

    def output_shape(self, shape):
        if len(shape) != 2 or shape[1] != self.d:
            raise ValueError(
                f"{type(self).__name__} takes sequences of {self.d} features, one sample (T, "
                f"{self.d}), not {shape}"
            )
        return (self.units,) if self.last else (shape[0], self.units)


class RNN(Recurrent):
    r"""``h_t = tanh(x_t Wx + h_{t-1} Wh + b)``: equation (eq-bptt-forward) (elman1990).

    Back, ``delta_t = dL/dh_t (1 - h_t^2)``: equation (eq-bptt-backward).
    """

    def step(self, t, z, state):
        return np.tanh(z + state @ self.parameters["Wh"])  # (n, h) + (n, h) @ (h, h)

    def step_backward(self, t, grad, state):
        # where the mask is False, states[t + 1] is another value, but there nobody uses the result
        delta = grad * (1 - self.states[t + 1] ** 2)  # (n, h)
        return delta, delta, np.zeros_like(grad)
