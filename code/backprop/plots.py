"""One plot style for the whole book, and the pictures that more than one page draws.

Plots have a transparent background and dark ink. The built book inverts them in its dark theme, which keeps the hues; JupyterLab
puts a light card behind transparent pictures by itself. Colours are those of the live figures, safe for colour-blind readers.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

BLUE, VERMILLION, GREEN, PURPLE, AMBER, GREY = (
    "#0072B2",
    "#D55E00",
    "#007A5A",
    "#8E4585",
    "#B07C00",
    "#6B7280",
)
INK = "#22252B"
SIGNED = LinearSegmentedColormap.from_list(
    "signed", [VERMILLION, "#FFFFFF", BLUE]
)  # negative, zero, positive


def use_style() -> None:
    """Set matplotlib's defaults for this notebook: the book's style."""
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 3.4),
            "figure.dpi": 144,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.bbox": "tight",
            "axes.prop_cycle": plt.cycler(color=[BLUE, VERMILLION, GREEN, PURPLE, AMBER, GREY]),
            "axes.edgecolor": GREY,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": GREY,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.6,
            "axes.axisbelow": True,
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "font.size": 10,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
            "legend.fontsize": 9,
            "image.cmap": "gray_r",
            "image.interpolation": "nearest",
            "mathtext.fontset": "cm",
        }
    )


def curves(
    series: dict[str, list[float]],
    xlabel: str = "epoch",
    ylabel: str = "loss",
    logy: bool = False,
    start: int = 1,
    ax=None,
):
    """Draw one line a series, its name at its end instead of in a box; `start` is the x of the first point. Returns the axes."""
    ax = ax or plt.subplots()[1]
    for (name, values), style in zip(series.items(), ["-", "--", "-.", ":", "-", "--"]):
        x = np.arange(start, start + len(values))
        (line,) = ax.plot(x, values, style)
        ax.annotate(
            name,
            (x[-1], values[-1]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
            annotation_clip=False,
        )
    ax.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if logy else "linear")
    return ax


def pictures(
    images: np.ndarray, titles=None, columns: int = 10, size: float = 0.72, signed: bool = False
):
    """Draw square pictures, (n, side * side), in a grid; `signed` centres the colours on 0 with one scale for all. Returns the figure."""
    n, side = len(images), int(np.sqrt(images.shape[1]))
    rows = -(-n // columns)
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * size, rows * (size + (0.22 if titles is not None else 0))),
        squeeze=False,
    )
    scale = (
        {"cmap": SIGNED, "vmin": -np.abs(images).max(), "vmax": np.abs(images).max()}
        if signed
        else {"vmin": 0, "vmax": 1}
    )
    for k, ax in enumerate(axes.flat):
        ax.axis("off")
        if k < n:
            ax.imshow(images[k].reshape(side, side), **scale)
            if titles is not None:
                ax.set_title(titles[k], fontsize=8, fontweight="normal", loc="center", pad=2)
    return fig


def confusion(counts: np.ndarray, names=None):
    """Draw a confusion matrix: rows are true classes, columns predicted ones; colour shows the mistakes only. Returns the figure."""
    K = len(counts)
    mistakes = counts * (1 - np.eye(K, dtype=int))
    fig, ax = plt.subplots(figsize=(4.6, 4.4))
    ax.imshow(
        mistakes,
        cmap=LinearSegmentedColormap.from_list("mistakes", ["#FFFFFF", VERMILLION]),
        vmin=0,
        vmax=max(1, mistakes.max() * 1.3),
    )
    for i, j in np.ndindex(K, K):
        ax.text(
            j,
            i,
            counts[i, j] or "·",
            ha="center",
            va="center",
            fontsize=8,
            color=GREY if i == j else INK,
            fontweight="normal" if i == j else "bold",
        )
    names = range(K) if names is None else names
    ax.set(
        xticks=range(K),
        yticks=range(K),
        xticklabels=names,
        yticklabels=names,
        xlabel="predicted",
        ylabel="true",
    )
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return fig


def timeline(events, lanes: dict[str, str], figsize=(7.2, 8.4)):
    """Draw `events`, tuples ``(year, who, what, lane)``, down a time axis; `lanes` gives the two (or three) lanes their colours.

    Events of the first lane stand left of the axis, those of the second right, those of a third right in its own colour. Labels that
    would overlap are moved apart and joined to their year by a line. Returns the figure.
    """
    years = [event[0] for event in events]
    first, last = min(years) - 3, max(years) + 3
    fig, ax = plt.subplots(figsize=figsize)
    for side in (-1, 1):  # the axis is a band with the decades inside
        ax.plot([side * 0.07] * 2, [first, last], color=GREY, lw=1, zorder=1)
    for decade in range(-(-first // 10) * 10, last + 1, 10):
        ax.text(0, decade, decade, ha="center", va="center", fontsize=8, color=GREY)
    gap = (last - first) / figsize[1] * 0.5  # years that one label of two lines takes
    for side, names in ((-1, list(lanes)[:1]), (1, list(lanes)[1:])):
        align = {"ha": "right" if side < 0 else "left", "va": "center", "linespacing": 1.15}
        here = sorted((event for event in events if event[3] in names), key=lambda event: event[0])
        for (year, who, what, lane), y in zip(
            here, spread([event[0] for event in here], gap, first, last)
        ):
            ax.plot(
                [side * 0.07, side * 0.12, side * 0.19],
                [year, year, y],
                color=lanes[lane],
                lw=1,
                zorder=2,
            )
            ax.plot(side * 0.07, year, "o", ms=5, color=lanes[lane], zorder=3)
            ax.text(
                side * 0.21,
                y,
                f"{year}  {who}\n",
                fontsize=8.5,
                fontweight="bold",
                color=lanes[lane],
                **align,
            )
            ax.text(side * 0.21, y, f"\n{what}", fontsize=8, color=INK, **align)
        for k, name in enumerate(reversed(names)):
            ax.text(
                side * 0.21,
                first - 1.5 - 2.4 * k,
                name,
                fontsize=9.5,
                fontweight="bold",
                fontstyle="italic",
                color=lanes[name],
                ha=align["ha"],
            )
    ax.set(xlim=(-1.25, 1.25), ylim=(last, first - 5.5))
    ax.axis("off")
    return fig


def spread(wanted: list[float], gap: float, low: float, high: float) -> np.ndarray:
    """Return sorted places near the sorted `wanted` ones, at least `gap` apart, in [low, high] where there is room."""
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


def network_diagram(sizes, names=None, ax=None, most: int = 6, weights=None, units=None):
    """Draw a fully connected network as columns of units; a layer of more than `most` units shows the first and last with dots between.

    `names`: a caption a layer; `weights`: a list of (d_in, d_out) arrays for colour and width of the edges (blue positive, orange
    negative); `units`: a list of lists of texts to write into the units (None for a layer without). Returns the axes.
    """
    if ax is None:
        ax = plt.subplots(figsize=(1.5 * len(sizes) + 1, 2.9))[1]
    places = []  # a layer: {index of unit: y}, and y of the dots
    for l, d in enumerate(sizes):
        shown = list(range(d)) if d <= most else [*range(most - 2), None, d - 1]
        ys = (
            np.linspace(1, -1, len(shown)) * (len(shown) - 1) / max(most - 1, 1)
            if len(shown) > 1
            else [0.0]
        )
        places.append({k: y for k, y in zip(shown, ys) if k is not None})
        if None in shown:
            ax.text(
                l, ys[shown.index(None)], "⋮", ha="center", va="center", fontsize=13, color=GREY
            )
    for l in range(len(sizes) - 1):
        scale = np.abs(weights[l]).max() if weights is not None else 1
        for i, y1 in places[l].items():
            for j, y2 in places[l + 1].items():
                w = weights[l][i, j] / scale if weights is not None else None
                ax.plot(
                    [l, l + 1],
                    [y1, y2],
                    zorder=1,
                    color=GREY if w is None else BLUE if w >= 0 else VERMILLION,
                    lw=0.8 if w is None else 0.4 + 2.6 * abs(w),
                    alpha=0.6 if w is None else 1,
                )
    for l, d in enumerate(sizes):
        colour = GREY if l == 0 else GREEN if l == len(sizes) - 1 else BLUE
        for k, y in places[l].items():
            ax.plot(
                l,
                y,
                "o",
                ms=15 if units is None else 27,
                mfc="white",
                mec=colour,
                mew=1.6,
                zorder=2,
            )
            if units is not None and units[l] is not None:
                ax.text(l, y, units[l][k], ha="center", va="center", fontsize=8.5, zorder=3)
        for y, text in [(-1.45, names[l]), (-1.68, d)] if names else [(-1.45, d)]:
            ax.text(l, y, text, ha="center", va="baseline", fontsize=9, color=INK)
    ax.set(xlim=(-0.45, len(sizes) - 0.55), ylim=(-1.85 if names else -1.6, 1.2))
    ax.axis("off")
    return ax
