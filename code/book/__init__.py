"""The book's own Sphinx extension: from a notebook to a page, without network and kernel.

`maths` renders every formula while the book is built, `live` carries live figures into the page,
`numbering` numbers figures, equations and exercises after the section they stand in, `page` decides
what a page loads and shows, `folds` what of it is folded, `answers` judges exercises in it,
`style` makes its one style sheet, `finding` makes the index, `search` what the reader's browser
searches, `companion` and `source` give each module of the package a page and lead to it from every
name in a code cell, `elsewhere` knows where the book lies and runs, `moved` where old addresses
lead. `terms` puts definitions at hand, `paths` says how long pages and reading paths take, `about`
what the book is and how a mistake is reported, `downloads` prepares the notebooks to take along.
`notebooks` is no part of the build: it runs and normalises the notebooks (`make run`).
"""

import hashlib
from pathlib import Path

from . import (
    about,
    answers,
    downloads,
    elsewhere,
    finding,
    folds,
    live,
    maths,
    moved,
    numbering,
    page,
    paths,
    search,
    source,
    style,
    terms,
)

HERE = Path(__file__).parent


def fingerprint(*patterns):
    """A digest of parts of the extension: when it changes, Sphinx builds every page again."""
    files = sorted(path for pattern in patterns for path in HERE.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def take_fingerprints(app, config):
    config.book_reading = fingerprint("*.py", "templates/*.html", "vendor/*/*.js")
    config.book_look = fingerprint("static/*")


def setup(app):
    # what changes it: read and write all pages again; write them again, with the new files beside
    app.add_config_value("book_reading", "", "env")
    app.add_config_value("book_look", "", "html")
    app.connect("config-inited", take_fingerprints, priority=400)
    for module in (
        maths,
        live,
        numbering,
        page,
        folds,
        answers,
        style,
        finding,
        source,
        search,
        elsewhere,
        terms,
        paths,
        about,
        downloads,
        moved,
    ):
        module.setup(app)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
