"""Run the book's notebooks and write them in one normal form: running them again changes nothing.

    python code/book/notebooks.py run [NOTEBOOK ...]        execute and normalise (all or some)
    python code/book/notebooks.py normalise [NOTEBOOK ...]  only normalise what is stored
    python code/book/notebooks.py check [NOTEBOOK ...]      fail if one is not in normal form

The normal form keeps what the notebook says and drops what differs from run to run or from machine
to machine: execution times, random ids, kernel versions, memory addresses, progress bars, marks
that programs leave in pictures. Solutions are folded: JupyterLab shows a line in place of each of
their cells, which a click opens. Of a live figure its picture, its sentence and its state stay; the
widget that a running kernel shows in their place goes, and with it the notebook's widget state,
which would hold the figure's whole program. A path of the machine it ran on is an error, for the
text has to change.
"""

import argparse
import base64
import copy
import hashlib
import io
import json
import os
import re
import struct
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4.rwbase import rejoin_lines
from PIL import Image

from backprop.live.base import STORED

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
CELL_TIMEOUT = 600  # seconds

VIEW = "application/vnd.jupyter.widget-view+json"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
CELL_NOISE = ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted", "id", "vscode")
SOLUTION = re.compile(r"^`{3,}\{solution-(start|end)\}", re.M)
TELLS_NOTHING = ("# ", "def ", "class ", "import ", "from ")  # as the first line of a solution
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
PROGRESS_BAR = re.compile(r"\d+%\|.*\||\d+it \[\d\d:\d\d")
MACHINE_PATH = re.compile(
    r"(?<![\w.~:/-])/(?:home|root|Users|tmp|work|private|var|opt|mnt|srv|builds|workspace)/"
    r"[^\s\"']*|[A-Za-z]:\\+Users\\[^\s\"']*"
)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST_CHANGE = 2.5  # of 255, root mean square
PNG_NOISE = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}


class NotebookError(Exception):
    """What is wrong with a notebook, in words for its author."""


# --- the normal form ------------------------------------------------------------------------------


def read(text):
    """The notebook that `text` holds.

    (`nbformat.read` would give cells with equal ids new ones at random.)
    """
    stored = json.loads(text)
    if stored.get("nbformat") != 4:
        raise NotebookError(
            f"notebook format {stored.get('nbformat')}, not 4: save it in JupyterLab once"
        )
    nb = rejoin_lines(nbformat.from_dict(stored))
    _settle_ids(nb)
    return nb


def normalised(notebook):
    """The normal form of `notebook`, as text."""
    nb = copy.deepcopy(notebook)
    nb.nbformat, nb.nbformat_minor = 4, 5
    front = {
        key: value
        for key, value in nb.metadata.items()
        if key in ("mystnb", "myst", "title", "authors")
    }
    nb.metadata = nbformat.from_dict({**front, "kernelspec": KERNELSPEC, "language_info": LANGUAGE})

    _settle_ids(nb)
    _count_cells(nb)
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k not in CELL_NOISE}
        )
        if cell.cell_type == "code":
            # first: a dropped bar may stand between two pieces
            kept = [output for output in cell.outputs if _is_kept(output)]
            cell.outputs = [_output(output) for output in _streams(kept) if _is_kept(output)]
    _fold_solutions(nb)
    _refuse_machine_paths(nb)
    nbformat.validate(nb)
    return nbformat.writes(nb).rstrip("\n") + "\n"


def in_solutions(nb):
    """For each cell of the notebook, whether it is part of a solution: list of bool.

    The cell that ends one is not: the next exercise follows in it, so nothing may stand before.
    """
    inside, found = False, []
    for k, cell in enumerate(nb.cells, 1):
        for mark in SOLUTION.finditer(cell.source if cell.cell_type == "markdown" else ""):
            inside = mark[1] == "start"
            if cell.source[: mark.start()].strip():
                raise NotebookError(
                    f"cell {k}: a solution starts and ends at the beginning of a cell; JupyterLab "
                    "could not fold what stands before"
                )
        found.append(inside)
    return found


def _fold_solutions(nb):
    """The cells of solutions, and their outputs, folded in JupyterLab; no other cells.

    The text that a solution begins with folds by itself (jupyterlab-myst, `:class: dropdown`). Of
    a folded cell JupyterLab shows the first line, which must not be the answer.
    """
    for cell, folded in zip(nb.cells, in_solutions(nb), strict=True):
        cell.metadata.pop("jupyter", None)
        if not folded or SOLUTION.search(cell.source):
            continue
        hidden = {"source_hidden": True}
        if cell.cell_type == "code":
            hidden["outputs_hidden"] = True
            if not cell.source.startswith(TELLS_NOTHING):
                cell.source = f"# Solution\n{cell.source}"
        cell.metadata["jupyter"] = nbformat.from_dict(hidden)


def _settle_ids(nb):
    """Cell ids kept where valid and unique, else derived from the cell."""
    seen = set()
    for cell in nb.cells:
        wanted, more = cell.get("id", ""), 0
        while not CELL_ID.fullmatch(wanted) or wanted in seen:
            wanted = hashlib.sha256(
                f"{cell.cell_type}\n{cell.source}\n{more}".encode()
            ).hexdigest()[:8]
            more += 1
        cell["id"] = wanted
        seen.add(wanted)


def _count_cells(nb):
    """Execution counts 1..n; a cell without code, or tagged to be skipped, has none."""
    count = 0
    for k, cell in enumerate(nb.cells, start=1):
        if cell.cell_type != "code":
            continue
        if not cell.source.strip() or "skip-execution" in cell.metadata.get("tags", []):
            cell.execution_count = None
            continue
        if cell.execution_count is None:
            raise NotebookError(f"cell {k} was never executed: run the notebook (make run)")
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


def _streams(outputs):
    """Consecutive pieces of one stream joined; a carriage return wipes its line."""
    joined: list = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            output.text = "\n".join(
                line.rstrip("\r").rsplit("\r", 1)[-1] for line in output.text.split("\n")
            )
            if output.name == "stderr":
                lines = output.text.splitlines(keepends=True)
                output.text = "".join(line for line in lines if not PROGRESS_BAR.search(line))
    return joined


def _is_kept(output):
    """All outputs but progress bars; of the widgets live figures, which need no kernel."""
    if output.output_type == "stream":
        return bool(output.text.strip()) or output.name == "stdout" and bool(output.text)
    data = output.get("data", {})
    return VIEW not in data or STORED in data


def _output(output):
    if output.output_type == "stream":
        output.text = ADDRESS.sub("at 0x...", output.text)
    elif output.output_type == "error":
        output.traceback = [ADDRESS.sub("at 0x...", line) for line in output.traceback]
    else:
        output.data.pop(VIEW, None)
        for kind, data in output.data.items():
            if kind == "image/png":
                output.data[kind] = base64.b64encode(
                    clean_png(small_png(base64.b64decode(data)))
                ).decode()
            elif isinstance(data, str):
                output.data[kind] = ADDRESS.sub("at 0x...", data)
        output.metadata.pop("needs_background", None)
    return output


def clean_png(png):
    """The same picture without the notes that programs leave in it (program, version, time)."""
    if not png.startswith(PNG_SIGNATURE):
        raise NotebookError("an image/png output is not a PNG picture")
    kept, at = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        end = at + 12 + length  # length, type, data, checksum
        if png[at + 4 : at + 8] not in PNG_NOISE:
            kept.append(png[at:end])
        at = end
    return b"".join(kept)


def small_png(png):
    """The picture with a palette of 256 colours, a third of the bytes, where the eye cannot tell.

    Exact if it has no more colours than that, otherwise if what it shows on white and on black
    changes by less than `LARGEST_CHANGE`. Pictures that have a palette stay as they are.
    """
    picture = Image.open(io.BytesIO(png))
    if picture.mode not in ("RGB", "RGBA"):
        return png
    pixels = np.asarray(picture.convert("RGBA"))
    colours, which = np.unique(
        pixels.reshape(-1, 4).copy().view(np.uint32).ravel(), return_inverse=True
    )
    if len(colours) <= 256:
        packed = _with_palette(colours, which, picture.size)
    else:
        shades = picture.convert("RGBA").quantize(
            256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        frequent, nearest = _most_frequent(colours, which)
        lines_and_letters = _with_palette(frequent, nearest, picture.size)
        tried = [shades, lines_and_letters]  # each named by what it is good at
        changes = [
            max(_change(pixels, np.asarray(packed.convert("RGBA")), ground) for ground in (0, 255))
            for packed in tried
        ]
        if min(changes) > LARGEST_CHANGE:
            return png
        packed = tried[np.argmin(changes)]
    file = io.BytesIO()
    packed.save(file, "PNG", optimize=True)
    return min(png, file.getvalue(), key=len)


def _with_palette(colours, which, size):
    packed = Image.fromarray(which.reshape(size[::-1]).astype(np.uint8), mode="P")
    packed.putpalette(colours.view(np.uint8).tobytes(), "RGBA")
    return packed


def _most_frequent(colours, which):
    """The 256 colours that most pixels have, and for each pixel the nearest of them.

    By how it looks: what is transparent counts less.
    """
    often = np.argsort(np.bincount(which), kind="stable")[::-1][:256]
    rgba = colours.view(np.uint8).reshape(-1, 4).astype(float)
    looks = np.hstack([rgba[:, :3] * rgba[:, 3:] / 255, rgba[:, 3:]])
    nearest = np.array([np.argmin(((looks[often] - look) ** 2).sum(axis=1)) for look in looks])
    return colours[often], nearest[which]


def _change(before, after, ground):
    """Root mean square of the pixels' change, 0 .. 255, where the pictures lie on `ground`."""
    on = [
        picture[..., 3:] / 255 * (picture[..., :3].astype(float) - ground)
        for picture in (before, after)
    ]
    return np.sqrt(np.mean((on[0] - on[1]) ** 2))


def texts(cell):
    """Every text of a cell that a reader can see: its source, and the text of its outputs."""
    yield cell.source
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            yield output.text
        elif output.output_type == "error":
            yield from output.traceback
        else:
            yield from (
                data
                for kind, data in output.data.items()
                if isinstance(data, str) and kind != "image/png"
            )


def machine_paths(nb):
    """(cell number from 1, path) of each path of somebody's machine that the notebook names."""
    return [
        (k, path)
        for k, cell in enumerate(nb.cells, 1)
        for text in texts(cell)
        for path in MACHINE_PATH.findall(text)
    ]


def _refuse_machine_paths(nb):
    for k, path in machine_paths(nb):
        raise NotebookError(f"cell {k} names a path of this machine: {path}")


# --- running --------------------------------------------------------------------------------------


def execute(path, report=lambda text: None):
    """The notebook at `path`, executed from top to bottom in its own folder."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    nb = read(path.read_text(encoding="utf8"))
    total = sum(cell.cell_type == "code" for cell in nb.cells)
    done = 0

    def progress(cell, cell_index):
        nonlocal done
        if cell.cell_type == "code":
            done += 1
            report(f"cell {done} of {total}")

    client = NotebookClient(
        nb,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=progress,
        extra_arguments=["--log-level=ERROR"],
    )
    with (
        tempfile.TemporaryDirectory() as profile
    ):  # the reader's own IPython settings must not show in the book
        before = os.environ.get("IPYTHONDIR")
        os.environ["IPYTHONDIR"] = profile
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise NotebookError(f"code cell {done} failed:\n{error}") from None
        finally:
            os.environ.pop("IPYTHONDIR")
            if before is not None:
                os.environ["IPYTHONDIR"] = before
    return nb


def name_of(path):
    """The path inside the book, as messages name it."""
    path = Path(path).resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def run(path):
    start, terminal = time.perf_counter(), sys.stdout.isatty()

    def report(text):
        if terminal:
            print(f"\r{name_of(path)}: {text}\033[K", end="", flush=True)

    text = normalised(execute(path, report))
    path.write_text(text, encoding="utf8")
    if terminal:
        print("\r", end="")
    print(
        f"{name_of(path)}: executed in {time.perf_counter() - start:.1f} s\033[K"
        if terminal
        else f"{name_of(path)}: executed in {time.perf_counter() - start:.1f} s",
        flush=True,
    )


def normalise(path):
    before = path.read_text(encoding="utf8")
    after = normalised(read(before))
    if after != before:
        path.write_text(after, encoding="utf8")
    print(f"{name_of(path)}: {'already normal' if after == before else 'normalised'}")


def check(path):
    before = path.read_text(encoding="utf8")
    if normalised(read(before)) != before:
        raise NotebookError(
            "not in normal form: make run, or python code/book/notebooks.py normalise"
        )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["run", "normalise", "check"])
    parser.add_argument(
        "notebooks",
        nargs="*",
        type=Path,
        help="notebooks or folders; all chapters if none is named",
    )
    options = parser.parse_args(arguments)
    paths = []
    for given in options.notebooks or [CHAPTERS]:
        paths += sorted(given.rglob("*.ipynb")) if given.is_dir() else [given]
    failed = 0
    for path in [path for path in paths if ".ipynb_checkpoints" not in path.parts]:
        try:
            {"run": run, "normalise": normalise, "check": check}[options.action](path)
        except (NotebookError, FileNotFoundError) as error:
            failed += 1
            print(f"{name_of(path)}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
