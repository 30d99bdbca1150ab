"""Figure 4.4.2, equation (4.4.7), exercise 4.4.1: numbers after the section they stand in.

Its own number stands in its heading. Sphinx would number through the
whole book, so that a new equation in chapter 1 renumbers chapter 5. Section numbers are written by
hand (they are the outline's), so they are read from the page's title; a page without one counts
from 1.
"""

import re

SECTION_NUMBER = re.compile(r"\d+(?:\.\d+)*(?=\.?\s)")


def section_number(title):
    """(4, 4) of "4.4 The worked example", () of a title without a number."""
    match = SECTION_NUMBER.match(title)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def restore(app, env):
    """Before Sphinx counts: give it back its own last numbers.

    It would take every page for changed otherwise.
    """
    env.toc_fignumbers = getattr(env, "book_sphinx_fignumbers", {})
    return []


def renumber(app, env):
    """After Sphinx counted: the same order, within each page, behind the section's number."""
    numbers, before = {}, getattr(env, "book_fignumbers", {})
    for docname, kinds in env.toc_fignumbers.items():
        section = section_number(env.titles[docname].astext())
        numbers[docname] = {
            kind: {
                name: (*section, k) for k, name in enumerate(sorted(names, key=names.get), start=1)
            }
            for kind, names in kinds.items()
        }
    env.book_sphinx_fignumbers, env.book_fignumbers = env.toc_fignumbers, numbers
    env.toc_fignumbers = numbers
    changed = {docname for docname in numbers if numbers[docname] != before.get(docname)}
    # Whoever refers to a renumbered equation or figure must be written again, and that may be any
    # page.
    return sorted(env.found_docs) if changed else []


def setup(app):
    app.connect("env-get-updated", restore, priority=100)
    app.connect("env-get-updated", renumber, priority=900)
