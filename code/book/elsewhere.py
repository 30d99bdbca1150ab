"""Where the book lies and where its notebooks run.

The addresses are set by the owner of a copy in one place: `_config.yml` holds them, or the
environment, which comes first (a workflow knows its own repository):

    html: baseurl        BOOK_ADDRESS      where the built pages will stand,
                                           https://someone.github.io/backpropagation
    repository: url      BOOK_REPOSITORY   where the notebooks lie,
                                           https://github.com/someone/backpropagation
    repository: branch   BOOK_BRANCH       main

With a repository, each notebook's page offers to run it on Binder and on Colab; with an address,
the site gets canonical links, pictures for link previews and a site map. BOOK_LITE=1 (`make lite`
sets it) offers JupyterLite, which that command builds into the site. Without them the site is
whole, and no button leads nowhere.
"""

import os
from pathlib import Path
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape


def settle(app, config):
    """The environment's values in place of the settings'."""
    options = config.html_theme_options
    config.html_baseurl = (os.environ.get("BOOK_ADDRESS") or config.html_baseurl or "").rstrip("/")
    config.book_repository = (
        (os.environ.get("BOOK_REPOSITORY") or options.get("repository_url") or "")
        .rstrip("/")
        .removesuffix(".git")
    )
    config.book_branch = os.environ.get("BOOK_BRANCH") or options.get("repository_branch") or "main"
    config.book_lite = os.environ.get("BOOK_LITE") == "1"
    if config.html_baseurl:
        config.html_baseurl += "/"
    options.pop("repository_url", None)  # the theme's own buttons would need it


def launchers(repository, branch, notebook, lite=""):
    """(name, address, what to know first) of each place where a page's notebook can be run."""
    found = []
    parts = urlsplit(repository)
    owner, _, name = parts.path.strip("/").rpartition("/")
    if owner and name:
        where = {
            "github.com": f"gh/{owner}/{name}",
            "gitlab.com": f"gl/{quote(f'{owner}/{name}', safe='')}",
        }.get(parts.netloc, f"git/{quote(repository, safe='')}")
        binder = f"https://mybinder.org/v2/{where}/{quote(branch, safe='')}"
        found.append(
            (
                "Binder",
                f"{binder}?urlpath=lab/tree/{quote(notebook)}",
                "a whole JupyterLab with the live figures; takes a few minutes to start",
            )
        )
        if parts.netloc == "github.com":
            colab = f"https://colab.research.google.com/github/{owner}/{name}"
            found.append(
                (
                    "Colab",
                    f"{colab}/blob/{quote(branch)}/{quote(notebook)}",
                    "needs a Google account; run the three lines below first",
                )
            )
    if lite:
        found.append(
            (
                "JupyterLite",
                f"{lite}?path={quote(notebook)}",
                "in this browser, nothing to install; needs a network, "
                "from which it fetches Python and its packages",
            )
        )
    return found


def colab_lines(repository, branch):
    name = urlsplit(repository).path.rpartition("/")[2]
    lines = [
        f"!git clone -q --depth 1 -b {branch} {repository}",
        "%pip install -q anywidget",
        f"%cd {name}/code",
    ]
    return "\n".join(lines)


def add_launchers(app, pagename, templatename, context, doctree):
    config = app.config
    context["book_address"] = config.html_baseurl.rstrip("/")
    context["launchers"] = []
    if context.get("notebook_file"):
        lite = context["pathto"]("lite/lab/index.html", 1) if config.book_lite else ""
        notebook = f"{pagename}.ipynb"
        context["launchers"] = launchers(config.book_repository, config.book_branch, notebook, lite)
        context["colab_lines"] = colab_lines(config.book_repository, config.book_branch)


def lost(app):
    """The page for addresses that do not exist.

    It is shown at any depth, so its links start at the site's root.
    """
    yield "404", {"title": "Page not found"}, "404.html"


def write_site_map(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    path = Path(app.outdir) / "sitemap.xml"
    path.unlink(missing_ok=True)
    if app.config.html_baseurl:
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        ]
        for name in sorted(app.env.found_docs):
            address = app.config.html_baseurl + app.builder.get_target_uri(name)
            lines.append(f"<url><loc>{escape(address)}</loc></url>")
        path.write_text("\n".join([*lines, "</urlset>", ""]), encoding="utf8")


def setup(app):
    for name, default in (("book_repository", ""), ("book_branch", "main"), ("book_lite", False)):
        app.add_config_value(name, default, "html")
    app.connect("config-inited", settle, priority=300)
    app.connect("html-page-context", add_launchers, priority=950)
    app.connect("html-collect-pages", lost)
    app.connect("build-finished", write_site_map)
