r"""Attention in an encoder-decoder that turns spelling into sounds: where it looks for each sound, and what comes of looking elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import softmax
from ...language.encoder_decoder import END, START, EncoderDecoder
from ...plots import SIGNED
from ..base import LiveFigure, Number

LONGEST = 16  # letters of a word
WORDS = ("through", "knight", "photograph", "chemistry", "psychology", "backpropagation")


class AttentionMap(LiveFigure):
    r"""The attention of `net`, an `EncoderDecoder` from letters to sounds, while it writes the sounds of a word (luong2015).

    `letters` and `sounds` are the tokens of its two vocabularies, `words` those that the page can show without Python; with it, `word` may
    be any word of known letters. Without `net` the network is an untrained one.

    The decoder's states depend on the sounds written so far alone. So what follows from looking elsewhere can be computed exactly: in head
    n the sound at `step` t has the weights A = softmax(s / `temperature`) over the letters that are not `hidden`, and the logits
    ``readout(tanh(base_t + sum_nk A_nk pasted_nk))``, where `pasted` is what a letter's value contributes (the products behind the
    attention, multiplied out). The page gets scores, base, pasted and readout in 16 bits, and everything here is computed with those, in
    float64: `weights`, `probabilities`, and `slopes`, the derivative of ln p by the scores: equation (eq-attention-backward).

    `head`: 0 shows all heads together (mean of the weights, sum of the slopes), 1, 2, ... one. `letter`: the letter pointed at. `view`:
    ``"weights"`` or ``"slopes"``. Computed: `written`, `weights`, `probabilities`, `slopes`, `values`.

    Examples
    --------
    >>> figure = AttentionMap(words=["cat"], temperature=1e3)
    >>> figure.weights.shape[2], bool(np.allclose(figure.weights, 1 / 3, atol=1e-2))
    (3, True)
    """

    module = "figure.js"

    word = traitlets.Unicode("through").tag(sync=True)
    step = traitlets.Int(0, min=0).tag(sync=True)
    letter = traitlets.Int(0, min=0, max=LONGEST - 1).tag(sync=True)
    head = traitlets.Int(0, min=0).tag(sync=True)
    view = traitlets.Enum(["weights", "slopes"], "weights").tag(sync=True)
    temperature = Number(1.0, 0.01, 1000)
    hidden = traitlets.List(traitlets.Int(min=0, max=LONGEST - 1)).tag(sync=True)
    heads = traitlets.Int(read_only=True).tag(sync=True)
    sounds = traitlets.List(read_only=True).tag(sync=True)  # names of all sounds
    readout = traitlets.Dict(read_only=True).tag(
        sync=True
    )  # weights and biases of the last layer, see `packed`
    examples = traitlets.Dict(read_only=True).tag(
        sync=True
    )  # word: what the page needs to know of it, see `example`

    def __init__(
        self,
        net: EncoderDecoder | None = None,
        letters: Sequence[str] | None = None,
        sounds: Sequence[str] | None = None,
        words: Sequence[str] = WORDS,
        **state,
    ):
        if net is None:
            letters, sounds = (
                ["<pad>", "<unk>", *ascii_lowercase],
                ["<pad>", "<unk>", "<start>", "<end>", *(f"s{k}" for k in range(39))],
            )
            net = EncoderDecoder(len(letters), len(sounds), rng=np.random.default_rng(0))
        if not net.attention:
            raise ValueError("this network has no attention to show")
        if (
            letters is None
            or sounds is None
            or (len(letters), len(sounds))
            != (len(net.parameters["letters.E"]), len(net.parameters["sounds.E"]))
        ):
            raise ValueError(
                f"the network needs the tokens of its {len(net.parameters['letters.E'])} letters and {len(net.parameters['sounds.E'])} sounds"
            )
        if not words:
            raise ValueError("there must be at least one word to show")
        self._net, self._letters = net, list(letters)
        last = net["readout"].layers[0].parameters
        self.set_trait("heads", net["attention"].heads)
        self.set_trait("sounds", [name.strip("<>") for name in sounds])
        self.set_trait("readout", {"W": packed(last["W"]), "b": packed(last["b"])})
        self.set_trait("examples", {word: self.example(word) for word in words})
        super().__init__(**{"word": words[0], **state})

    def example(self, word: str) -> dict:
        """What the page needs to know of a word: the ids written, END last, and the arrays behind `probabilities`, packed."""
        unknown = sorted(set(word) - set(self._letters))
        if unknown or not 1 <= len(word) <= LONGEST:
            raise traitlets.TraitError(
                f"word must be 1 to {LONGEST} letters that the network knows; {word!r} has {f'the unknown {unknown}' if unknown else f'{len(word)} letters'}"
            )
        net, x = self._net, np.array([[self._letters.index(c) for c in word]])
        ids = net.write(x, longest=LONGEST)[0][0]
        ids += [END] * (len(ids) < LONGEST)  # unless it never came to an end
        net.forward(x, np.array([[START, *ids[:-1]]]))
        attention, combine = net["attention"], net["combine"].layers[0].parameters
        h = attention.d
        scores = (
            attention.Q[0] @ attention.K[0].swapaxes(-1, -2) / np.sqrt(attention.Q.shape[-1])
        )  # (heads, T, Tx)
        outward = (
            attention.parameters["Wo"].reshape(attention.heads, -1, h) @ combine["W"][h:]
        )  # (heads, h/heads, h): behind the attention
        base = (
            net["decoder"].h[0] @ combine["W"][:h]
            + combine["b"]
            + attention.parameters.get("bo", np.zeros(h)) @ combine["W"][h:]
        )
        return {
            "ids": [int(k) for k in ids],
            "scores": packed(scores),
            "base": packed(base),
            "pasted": packed(attention.V[0] @ outward),
        }  # (T, h), (heads, Tx, h)

    @traitlets.validate("word")
    def _know(self, proposal):
        if proposal.value not in self.examples:
            self.set_trait(
                "examples", {**self.examples, proposal.value: self.example(proposal.value)}
            )
        return proposal.value

    @traitlets.validate("head")
    def _exists(self, proposal):
        if proposal.value > self.heads:
            raise traitlets.TraitError(
                f"head must be 0, all together, or 1 to {self.heads}; not {proposal.value}"
            )
        return proposal.value

    # ------------------------------------------------------------------------------------------------------ the numbers
    def array(self, name: str) -> np.ndarray:
        """`scores`, `base` or `pasted` of the word."""
        return opened(self.examples[self.word][name])

    @property
    def written(self) -> list[str]:
        """The sounds that the network wrote, and the end."""
        return [self.sounds[k] for k in self.examples[self.word]["ids"]]

    @property
    def seen(self) -> np.ndarray:
        """Which letters the attention may look at, (letters,); where all were hidden, all may be seen."""
        seen = np.array([k not in self.hidden for k in range(len(self.word))])
        return seen if seen.any() else ~seen

    @property
    def weights(self) -> np.ndarray:
        """The weights, (heads, steps, letters)."""
        return softmax.forward(
            np.where(self.seen, self.array("scores") / self.temperature, -np.inf)
        )

    def states(self) -> np.ndarray:
        """What the last layer reads, (steps, h)."""
        return np.tanh(
            self.array("base") + np.einsum("ntk,nkh->th", self.weights, self.array("pasted"))
        )

    @property
    def probabilities(self) -> np.ndarray:
        """The probabilities of all sounds at every step, (steps, sounds)."""
        return softmax.forward(
            self.states() @ opened(self.readout["W"]) + opened(self.readout["b"])
        )

    @property
    def slopes(self) -> np.ndarray:
        """The derivatives of ln p, the log-probability of the sound written at a step, by the step's scores: (heads, steps, letters)."""
        p, a, ids = self.probabilities, self.states(), self.examples[self.word]["ids"]
        grad_z = np.eye(len(self.sounds))[ids] - p  # d ln p / d logits, (steps, sounds)
        grad_a = grad_z @ opened(self.readout["W"]).T * (1 - a**2)  # (steps, h)
        grad_A = np.einsum("th,nkh->ntk", grad_a, self.array("pasted"))  # (heads, steps, letters)
        return softmax.backward(grad_A, None, self.weights) / self.temperature

    @property
    def map(self) -> np.ndarray:
        """What the map shows, (steps, letters): weights or slopes, of one head or of all together."""
        heads = self.weights if self.view == "weights" else self.slopes
        return (
            heads[self.head - 1]
            if self.head
            else heads.mean(axis=0)
            if self.view == "weights"
            else heads.sum(axis=0)
        )

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there; nan where there is none."""
        p, A, slopes, ids = (
            self.probabilities,
            self.weights,
            self.slopes,
            self.examples[self.word]["ids"],
        )
        t, k = min(self.step, len(ids) - 1), min(self.letter, len(self.word) - 1)
        A, slopes = (
            (A[self.head - 1], slopes[self.head - 1])
            if self.head
            else (A.mean(axis=0), slopes.sum(axis=0))
        )
        logs = np.log(A[t], out=np.zeros(len(self.word)), where=A[t] > 0)
        values = {
            "A": A[t, k],
            "score": self.array("scores")[self.head - 1, t, k] if self.head else np.nan,
            "slope": slopes[t, k],
            "top": A[t].max(),
            "spread": np.exp(-A[t] @ logs),
            "peak": np.abs(self.map).max(),
            "temperature": self.temperature,
            "p": p[t, ids[t]],
        }
        return {
            name: float(v)
            for name, v in (
                values | {f"p[{name}]": p[t, k] for k, name in enumerate(self.sounds)}
            ).items()
        }

    # ------------------------------------------------------------------------------------------------------ picture, words
    def describe(self) -> str:
        A, t = self.values, min(self.step, len(self.written) - 1)
        row = self.weights[self.head - 1, t] if self.head else self.weights.mean(axis=0)[t]
        return (
            f"Where the network looks in the letters of {self.word!r} while it writes {' '.join(self.written[:-1]) or 'nothing'}. For {self.written[t]!r} it looks most at "
            f"{self.word[int(row.argmax())]!r}, letter {int(row.argmax()) + 1}, with the weight {A['top']:.2f}; that sound has the probability {A['p']:.2f}."
        )

    def draw(self) -> Figure:
        """The map, and the probabilities at the step."""
        ink, blue, green = "#1d2329", "#0072b2", "#007a5a"
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        ax, bars = figure.subplots(1, 2, width_ratios=[1.7, 1])
        grid, t = self.map, min(self.step, len(self.written) - 1)
        peak = float(np.abs(grid).max()) or 1.0
        ax.imshow(grid, aspect="auto", cmap=SIGNED, vmin=-peak, vmax=peak)
        ax.set(
            xticks=range(len(self.word)),
            xticklabels=list(self.word),
            yticks=range(len(self.written)),
            yticklabels=self.written,
        )
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        ax.axhline(t - 0.5, color=ink, lw=1.2)
        ax.axhline(t + 0.5, color=ink, lw=1.2)
        which = f"head {self.head}" if self.head else "all heads"
        ax.set_title(
            f"{'weights' if self.view == 'weights' else 'slopes of ln p by the scores'}, {which}",
            size=9,
            color=ink,
        )
        p = self.probabilities[t]
        best = np.argsort(-p, kind="stable")[:5]
        bars.barh(
            range(5),
            p[best],
            color=[green if self.sounds[k] == self.written[t] else blue for k in best],
        )
        bars.set(
            yticks=range(5),
            yticklabels=[self.sounds[k] for k in best],
            ylim=(4.6, -0.6),
            xlim=(0, 1),
            xticks=[0, 0.5, 1],
        )
        bars.set_title(f"sound {t + 1}: probabilities", size=9, color=ink)
        return figure


def packed(array: np.ndarray) -> dict:
    """An array as plain data: its shape, a scale, and whole numbers of 16 bits, which times the scale are its entries, as base64.

    The scale is rounded to float32: another machine's last digits of `array` then change nothing in what a notebook stores.
    """
    array = np.asarray(array, dtype=np.float64)
    scale = float(np.float32(np.abs(array).max() / 32767)) or 1.0
    return {
        "shape": list(array.shape),
        "scale": scale,
        "q": base64.b64encode(np.rint(array / scale).astype("<i2").tobytes()).decode("ascii"),
    }


def opened(kept: dict) -> np.ndarray:
    """The array of `packed`, rounded as it was."""
    return np.frombuffer(base64.b64decode(kept["q"]), "<i2").reshape(kept["shape"]) * kept["scale"]
