"""One plot style for the whole book, and the pictures that more than one page draws.

Plots have a transparent background and dark ink. The built book inverts them in its dark theme,
which keeps the hues; JupyterLab puts a light card behind transparent pictures by itself. Colours
are those of the live figures, safe for colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#007A5A"
PURPLE = "#8E4585"
AMBER = "#B07C00"
GREY = "#6B7280"
INK = "#22252B"
# negative, zero, positive
SIGNED = LinearSegmentedColormap.from_list("signed", [VERMILLION, "#FFFFFF", BLUE])
MISTAKES = LinearSegmentedColormap.from_list("mistakes", ["#FFFFFF", VERMILLION])


def use_style() -> None:
    """Set matplotlib's defaults for this notebook: the book's style."""
    plt.rc("figure", figsize=(6.4, 3.4), dpi=144, facecolor="none")
    plt.rc("figure.constrained_layout", use=True)
    plt.rc("savefig", facecolor="none", bbox="tight")
    plt.rc("axes", facecolor="none", edgecolor=GREY, labelcolor=INK, titlecolor=INK)
    plt.rc("axes", prop_cycle=plt.cycler(color=[BLUE, VERMILLION, GREEN, PURPLE, AMBER, GREY]))
    plt.rc("axes", titlesize=11, titleweight="bold", titlelocation="left", labelsize=10)
    plt.rc("axes", grid=True, axisbelow=True)
    plt.rc("axes.spines", top=False, right=False)
    plt.rc("grid", color=GREY, alpha=0.25, linewidth=0.6)
    plt.rc("xtick", color=INK, labelsize=9)
    plt.rc("ytick", color=INK, labelsize=9)
    plt.rc("text", color=INK)
    plt.rc("font", size=10)
    plt.rc("mathtext", fontset="cm")
    plt.rc("lines", linewidth=1.8)
    plt.rc("legend", frameon=False, fontsize=9)
    plt.rc("image", cmap="gray_r", interpolation="nearest")


def curves(
    series: dict[str, list[float]],
    xlabel: str = "epoch",
    ylabel: str = "loss",
    logy: bool = False,
    start: int = 1,
    ax: Axes | None = None,
) -> Axes:
    """Draw one line a series, its name at its end instead of in a box; return the axes.

    Parameters
    ----------
    series : dict of str to list of float
        What a line is called, and its values.
    xlabel, ylabel : str
        Under and beside the axes.
    logy : bool
        Whether the vertical axis is logarithmic.
    start : int
        The x of the first point.
    ax : Axes, optional
        Where to draw; new ones otherwise.
    """
    ax = ax or plt.subplots()[1]
    for (name, values), style in zip(series.items(), ["-", "--", "-.", ":", "-", "--"]):
        x = np.arange(start, start + len(values))
        (line,) = ax.plot(x, values, style)
        beside: Any = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
        colour, end = line.get_color(), (x[-1], values[-1])
        ax.annotate(name, end, color=colour, annotation_clip=False, **beside)
    ax.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if logy else "linear")
    return ax


def pictures(
    images: np.ndarray,
    titles: Sequence[Any] | None = None,
    columns: int = 10,
    size: float = 0.72,
    signed: bool = False,
) -> Figure:
    """Draw square pictures, (n, side * side), in a grid; return the figure.

    Parameters
    ----------
    images : array of shape (n, side * side)
        In [0, 1], or any numbers with `signed`.
    titles : sequence, optional
        What stands above each.
    columns : int
        Pictures in a row.
    size : float
        Side of a picture in inches.
    signed : bool
        Whether colours are centred on 0, with one scale for all.
    """
    n, side = len(images), int(np.sqrt(images.shape[1]))
    rows = -(-n // columns)
    height = size if titles is None else size + 0.22
    figsize = (columns * size, rows * height)
    fig, axes = plt.subplots(rows, columns, figsize=figsize, squeeze=False)
    largest = np.abs(images).max()
    scale: dict[str, Any] = {"vmin": 0, "vmax": 1}
    if signed:
        scale = {"cmap": SIGNED, "vmin": -largest, "vmax": largest}
    for k, ax in enumerate(axes.flat):
        ax.axis("off")
        if k < n:
            ax.imshow(images[k].reshape(side, side), **scale)
            if titles is not None:
                ax.set_title(titles[k], fontsize=8, fontweight="normal", loc="center", pad=2)
    return fig


def confusion(counts: np.ndarray, names: Sequence[Any] | None = None) -> Figure:
    """Draw a confusion matrix, whose colours show the mistakes only; return the figure.

    Parameters
    ----------
    counts : array of int, shape (K, K)
        Rows are true classes, columns predicted ones.
    names : sequence, optional
        What the classes are called; 0 .. K-1 otherwise.
    """
    K = len(counts)
    mistakes = counts * (1 - np.eye(K, dtype=int))
    fig, ax = plt.subplots(figsize=(4.6, 4.4))
    ax.imshow(mistakes, cmap=MISTAKES, vmin=0, vmax=max(1, mistakes.max() * 1.3))
    for i, j in np.ndindex(K, K):
        look: Any = {"color": GREY} if i == j else {"color": INK, "fontweight": "bold"}
        ax.text(j, i, str(counts[i, j] or "·"), ha="center", va="center", fontsize=8, **look)
    names = range(K) if names is None else names
    ax.set(xticks=range(K), xticklabels=names, xlabel="predicted")
    ax.set(yticks=range(K), yticklabels=names, ylabel="true")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return fig


def timeline(
    events: Sequence[tuple[int, str, str, str]],
    lanes: dict[str, str],
    figsize: tuple[float, float] = (7.2, 8.4),
) -> Figure:
    """Draw events down a time axis, their labels moved apart; return the figure.

    Parameters
    ----------
    events : sequence of tuple
        ``(year, who, what, lane)``.
    lanes : dict of str to str
        The two or three lanes and their colours: the first stands left of the axis, others right.
    figsize : pair of float
        In inches.
    """
    years = [event[0] for event in events]
    first, last = min(years) - 3, max(years) + 3
    fig, ax = plt.subplots(figsize=figsize)
    for side in (-1, 1):  # the axis is a band with the decades inside
        ax.plot([side * 0.07] * 2, [first, last], color=GREY, lw=1, zorder=1)
    for decade in range(-(-first // 10) * 10, last + 1, 10):
        ax.text(0, decade, str(decade), ha="center", va="center", fontsize=8, color=GREY)
    gap = (last - first) / figsize[1] * 0.5  # years that one label of two lines takes
    for side, names in ((-1, list(lanes)[:1]), (1, list(lanes)[1:])):
        align: Any = {"ha": "right" if side < 0 else "left", "va": "center", "linespacing": 1.15}
        here = sorted((event for event in events if event[3] in names), key=lambda event: event[0])
        places = spread([event[0] for event in here], gap, first, last)
        for (year, who, what, lane), y in zip(here, places):
            x = [side * 0.07, side * 0.12, side * 0.19]
            ax.plot(x, [year, year, y], color=lanes[lane], lw=1, zorder=2)
            ax.plot(side * 0.07, year, "o", ms=5, color=lanes[lane], zorder=3)
            bold: Any = {"fontsize": 8.5, "fontweight": "bold", "color": lanes[lane]}
            ax.text(side * 0.21, y, f"{year}  {who}\n", **bold, **align)
            ax.text(side * 0.21, y, f"\n{what}", fontsize=8, color=INK, **align)
        head: Any = {"fontsize": 9.5, "fontweight": "bold", "fontstyle": "italic"}
        for k, name in enumerate(reversed(names)):
            y = first - 1.5 - 2.4 * k
            ax.text(side * 0.21, y, name, color=lanes[name], ha=align["ha"], **head)
    ax.set(xlim=(-1.25, 1.25), ylim=(last, first - 5.5))
    ax.axis("off")
    return fig


def spread(wanted: list[float], gap: float, low: float, high: float) -> np.ndarray:
    """Sorted places near the `wanted` ones, `gap` apart, in [low, high] where there is room."""
    places = np.array(wanted, float)
    for _ in range(2000):
        overlap = gap - np.diff(places)
        if overlap.max(initial=0) < 1e-3:
            break
        push = np.clip(overlap, 0, None) / 2
        places[:-1] -= push
        places[1:] += push
        places = np.clip(places, low, high)
    return places


def network_diagram(
    sizes: Sequence[int],
    names: Sequence[str] | None = None,
    ax: Axes | None = None,
    most: int = 6,
    weights: Sequence[np.ndarray] | None = None,
    units: Sequence[Sequence[str] | None] | None = None,
) -> Axes:
    """Draw a fully connected network as columns of units; return the axes.

    Parameters
    ----------
    sizes : sequence of int
        Units a layer, inputs first.
    names : sequence of str, optional
        A caption a layer.
    ax : Axes, optional
        Where to draw; new ones otherwise.
    most : int
        A layer of more units shows the first ones and the last, with dots between.
    weights : sequence of array, optional
        (d_in, d_out) each: colour and width of the edges, blue positive, orange negative.
    units : sequence of sequence of str, optional
        What is written into the units; None for a layer without.
    """
    if ax is None:
        ax = plt.subplots(figsize=(1.5 * len(sizes) + 1, 2.9))[1]
    places = []  # a layer: {index of unit: y}, and y of the dots
    for l, d in enumerate(sizes):
        shown = list(range(d)) if d <= most else [*range(most - 2), None, d - 1]
        half = (len(shown) - 1) / max(most - 1, 1)
        ys = np.linspace(half, -half, len(shown))
        places.append({k: y for k, y in zip(shown, ys) if k is not None})
        if None in shown:
            y = ys[shown.index(None)]
            ax.text(l, y, "⋮", ha="center", va="center", fontsize=13, color=GREY)
    for l in range(len(sizes) - 1):
        for i, y1 in places[l].items():
            for j, y2 in places[l + 1].items():
                look: Any = {"color": GREY, "lw": 0.8, "alpha": 0.6}
                if weights is not None:
                    w = weights[l][i, j] / np.abs(weights[l]).max()
                    look = {"color": BLUE if w >= 0 else VERMILLION, "lw": 0.4 + 2.6 * abs(w)}
                ax.plot([l, l + 1], [y1, y2], zorder=1, **look)
    ms = 15 if units is None else 27
    for l, d in enumerate(sizes):
        colour = GREY if l == 0 else GREEN if l == len(sizes) - 1 else BLUE
        texts = None if units is None else units[l]
        for k, y in places[l].items():
            ax.plot(l, y, "o", ms=ms, mfc="white", mec=colour, mew=1.6, zorder=2)
            if texts is not None:
                ax.text(l, y, texts[k], ha="center", va="center", fontsize=8.5, zorder=3)
        captions = [names[l], str(d)] if names else [str(d)]
        for y, caption in zip((-1.45, -1.68), captions):
            ax.text(l, y, caption, ha="center", va="baseline", fontsize=9, color=INK)
    ax.set(xlim=(-0.45, len(sizes) - 0.55), ylim=(-1.85 if names else -1.6, 1.2))
    ax.axis("off")
    return ax
