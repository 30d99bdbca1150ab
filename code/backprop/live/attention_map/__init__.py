r"""Attention in an encoder-decoder that turns spelling into sounds: where it looks for each sound,
and what comes of looking elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from string import ascii_lowercase

import numpy as np
import traitlets
from matplotlib.figure import Figure

from ...activations import softmax
from ...language.encoder_decoder import END, START, EncoderDecoder
from ...plots import SIGNED
from ..base import LiveFigure, Number

LONGEST = 16  # letters of a word
LEAST, MOST = 0.05, 5.0  # slopes: below the one drawn in proportion, above the other no higher
WORDS = ("through", "knight", "photograph", "chemistry", "psychology", "backpropagation")


class AttentionMap(LiveFigure):
    r"""The attention of an `EncoderDecoder` from letters to sounds, while it writes the sounds of a
    word (luong2015).

    The decoder's states depend on the sounds written so far alone. So what follows from looking
    elsewhere can be computed exactly: in head n the sound at `step` t has the weights
    A = softmax(s / `temperature`) over the letters that are not `hidden`, and the logits
    ``readout(tanh(base_t + sum_nk A_nk pasted_nk))``, where `pasted` is what a letter's value
    contributes (the products behind the attention, multiplied out). The page gets scores, base,
    pasted and readout in 16 bits, and everything here is computed with those, in float64:
    `weights`, `probabilities`, and `slopes`, the derivative of ln p by the scores: equation
    (eq-attention-backward).

    `head`: 0 shows all heads together (mean of the weights, sum of the slopes), 1, 2, ... one.
    `letter`: the letter pointed at. `nudge`, -6 to 6, is added to the score of the pair pointed at,
    in the heads shown. With Python, `word` may be any word of known letters. Computed: `written`,
    `weights`, `probabilities`, `slopes`, `values`; of the nudge, what the slope says that it does
    to ln p, and what it does (`said`, `came`). Slopes are drawn on one scale, which no control
    moves: `height`.

    Parameters
    ----------
    net : EncoderDecoder, optional
        With attention; without it an untrained one.
    letters : sequence of str, optional
        The tokens of its letters, as many as it knows.
    sounds : sequence of str, optional
        The tokens of its sounds.
    words : sequence of str
        Those that the page can show without Python.
    dictionary : mapping of str to sequences of str, optional
        The right ways to say a word, each the names of its sounds; the figure says whether the
        network's is one of them.
    **state
        Traits.

    Raises
    ------
    ValueError
        If `net` has no attention, the tokens are not as many as it knows, there is no word, or
        the dictionary has a sound that is none of `sounds`.

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
    temperature = Number(1.0, 0.01, 1000)
    nudge = Number(0.0, -6, 6)
    hidden = traitlets.List(traitlets.Int(min=0, max=LONGEST - 1)).tag(sync=True)
    heads = traitlets.Int(read_only=True).tag(sync=True)
    # names of all sounds
    sounds: traitlets.List[str] = traitlets.List(read_only=True).tag(sync=True)
    # weights and biases of the last layer, see `packed`
    readout = traitlets.Dict(read_only=True).tag(sync=True)
    # word: the right ways to say it, [[sound, ...], ...]
    dictionary: traitlets.Dict[str, list] = traitlets.Dict(read_only=True).tag(sync=True)
    # word: what the page needs to know of it, see `example`
    examples = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(
        self,
        net: EncoderDecoder | None = None,
        letters: Sequence[str] | None = None,
        sounds: Sequence[str] | None = None,
        words: Sequence[str] = WORDS,
        dictionary: Mapping[str, Iterable[Sequence[str]]] | None = None,
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
                f"the network needs the tokens of its {len(net.parameters['letters.E'])} letters "
                f"and {len(net.parameters['sounds.E'])} sounds"
            )
        if not words:
            raise ValueError("there must be at least one word to show")
        ways = {word: sorted(map(list, found)) for word, found in (dictionary or {}).items()}
        heard = {name for found in ways.values() for way in found for name in way}
        if not heard <= set(sounds):
            raise ValueError(f"the dictionary has the unknown sounds {sorted(heard - set(sounds))}")
        self._net, self._letters = net, list(letters)
        self.set_trait("dictionary", ways)
        last = net["readout"].layers[0].parameters
        self.set_trait("heads", net["attention"].heads)
        self.set_trait("sounds", [name.strip("<>") for name in sounds])
        self.set_trait("readout", {"W": packed(last["W"]), "b": packed(last["b"])})
        self.set_trait("examples", {word: self.example(word) for word in words})
        super().__init__(**{"word": words[0], **state})

    def example(self, word: str) -> dict:
        """What the page needs to know of a word: the ids written, END last, and the arrays behind
        `probabilities`, packed.

        Raises
        ------
        TraitError
            If it is too long, empty, or has letters that the network does not know.
        """
        unknown = sorted(set(word) - set(self._letters))
        if unknown or not 1 <= len(word) <= LONGEST:
            fault = f"the unknown {unknown}" if unknown else f"{len(word)} letters"
            raise traitlets.TraitError(
                f"word must be 1 to {LONGEST} letters that the network knows; {word!r} has {fault}"
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

    # ----------------------------------------------------------------------------------- the numbers
    def array(self, name: str) -> np.ndarray:
        """`scores`, `base` or `pasted` of the word."""
        return opened(self.examples[self.word][name])

    @property
    def written(self) -> list[str]:
        """The sounds that the network wrote, and the end."""
        return [self.sounds[k] for k in self.examples[self.word]["ids"]]

    @property
    def seen(self) -> np.ndarray:
        """Which letters the attention may look at, (letters,); where all were hidden, all may be
        seen.
        """
        seen = np.array([k not in self.hidden for k in range(len(self.word))])
        return seen if seen.any() else ~seen

    @property
    def at(self) -> tuple[int, int]:
        """The step and the letter of the pair pointed at."""
        return min(self.step, len(self.written) - 1), min(self.letter, len(self.word) - 1)

    @property
    def scores(self) -> np.ndarray:
        """The scores with the nudge, (heads, steps, letters)."""
        scores = self.array("scores").copy()
        heads = slice(self.head - 1, self.head) if self.head else slice(None)
        scores[(heads, *self.at)] += self.nudge
        return scores

    def look(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What comes of `scores`, forward and back.

        Returns
        -------
        weights : ndarray, shape (heads, steps, letters)
        probabilities : ndarray, shape (steps, sounds)
        slopes : ndarray, shape (heads, steps, letters)
            The derivatives of ln p, the log-probability of the sound written at a step, by the
            step's scores.
        """
        A = softmax.forward(np.where(self.seen, scores / self.temperature, -np.inf))
        pasted, W = self.array("pasted"), opened(self.readout["W"])
        a = np.tanh(self.array("base") + np.einsum("ntk,nkh->th", A, pasted))  # (steps, h)
        p = softmax.forward(a @ W + opened(self.readout["b"]))
        ids = self.examples[self.word]["ids"]
        grad_z = np.eye(len(self.sounds))[ids] - p  # d ln p / d logits, (steps, sounds)
        grad_a = grad_z @ W.T * (1 - a**2)  # (steps, h)
        grad_A = np.einsum("th,nkh->ntk", grad_a, pasted)  # (heads, steps, letters)
        return A, p, softmax.backward(grad_A, None, A) / self.temperature

    @property
    def weights(self) -> np.ndarray:
        """The weights, (heads, steps, letters)."""
        return self.look(self.scores)[0]

    @property
    def probabilities(self) -> np.ndarray:
        """The probabilities of all sounds at every step, (steps, sounds)."""
        return self.look(self.scores)[1]

    @property
    def slopes(self) -> np.ndarray:
        """The slopes of ln p by the scores: (heads, steps, letters)."""
        return self.look(self.scores)[2]

    def together(self, weights: np.ndarray, slopes: np.ndarray) -> dict[str, np.ndarray]:
        """The two maps, (steps, letters), of one head or of all."""
        if self.head:
            return {"weights": weights[self.head - 1], "slopes": slopes[self.head - 1]}
        return {"weights": weights.mean(axis=0), "slopes": slopes.sum(axis=0)}

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """What the maps show: ``{"weights": (steps, letters), "slopes": (steps, letters)}``."""
        return self.together(self.weights, self.slopes)

    @property
    def values(self) -> dict[str, float]:
        """Every number that the figure can show, by the name it has there; nan where there is
        none.
        """
        (t, k), ids = self.at, self.examples[self.word]["ids"]
        weights, p, slopes = self.look(self.scores)
        A, slopes = self.together(weights, slopes).values()
        before, p_before, slopes_before = self.look(self.array("scores"))
        slope_before = self.together(before, slopes_before)["slopes"][t, k]
        values = {
            "A": A[t, k],
            "score": self.scores[self.head - 1, t, k] if self.head else np.nan,
            "slope": slopes[t, k],
            "top": A[t].max(),
            "peak": np.abs(slopes).max(),
            "temperature": self.temperature,
            "nudge": self.nudge,
            "said": slope_before * self.nudge,
            "came": np.log(p[t, ids[t]]) - np.log(p_before[t, ids[t]]),
            "p": p[t, ids[t]],
        }
        return {
            name: float(v)
            for name, v in (
                values | {f"p[{name}]": p[t, k] for k, name in enumerate(self.sounds)}
            ).items()
        }

    # -------------------------------------------------------------------------------- picture, words
    def describe(self) -> str:
        A, t = self.values, min(self.step, len(self.written) - 1)
        row = self.weights[self.head - 1, t] if self.head else self.weights.mean(axis=0)[t]
        most = int(row.argmax())
        ways = [" ".join(way) for way in self.dictionary.get(self.word, ())]
        known = f"The dictionary says {' or '.join(ways)}. " if ways else ""
        return (
            f"Where the network looks in the letters of {self.word!r} while it writes "
            f"{' '.join(self.written[:-1]) or 'nothing'}. {known}For {self.written[t]!r} it looks most at "
            f"{self.word[most]!r}, letter {most + 1}, with the weight {A['top']:.2f}; that sound "
            f"has the probability {A['p']:.2f}."
        )

    def draw(self) -> Figure:
        """The maps of weights and slopes, and the probabilities at the step."""
        ink, blue, green = "#1d2329", "#0072b2", "#007a5a"
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        *axes, bars = figure.subplots(1, 3, width_ratios=[1.2, 1.2, 1])
        t, which = self.at[0], f"head {self.head}" if self.head else "all heads"
        titles = {"weights": "weights", "slopes": "slopes of ln p by the scores"}
        for ax, (name, grid) in zip(axes, self.maps.items()):
            shade = grid if name == "weights" else height(grid)
            ax.imshow(shade, aspect="auto", cmap=SIGNED, vmin=-1, vmax=1)
            ax.set(
                xticks=range(len(self.word)),
                xticklabels=list(self.word),
                yticks=range(len(self.written)),
                yticklabels=self.written,
            )
            ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
            ax.tick_params(labelsize=8)
            ax.axhline(t - 0.5, color=ink, lw=1.2)
            ax.axhline(t + 0.5, color=ink, lw=1.2)
            ax.set_title(f"{titles[name]}, {which}", size=8, color=ink)
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


def height(slope: np.ndarray) -> np.ndarray:
    """How high a slope is drawn, from -1 to 1: as the slope where it is far below `LEAST`, as its
    logarithm above, and no higher than `MOST`.

    The slopes of a word that the network is sure of are a thousandth of those that a reader can
    bring about. On one scale for all of them nothing jumps when one of them grows.
    """
    return np.clip(np.arcsinh(np.asarray(slope) / LEAST) / np.arcsinh(MOST / LEAST), -1, 1)


def packed(array: np.ndarray) -> dict:
    """An array as plain data: its shape, a scale, and whole numbers of 16 bits, which times the
    scale are its entries, as base64.

    The scale is rounded to float32: another machine's last digits of `array` then change nothing in
    what a notebook stores.
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
