# `make serve` reads, `make test` checks; both work from a fresh clone. The other targets are for writing.
#   make serve ONLY=en PORT=8001      one language, another port
#   make test ARGS="tests/layers -x"  a part of the tests
VENV := .venv
PYTHON_IN := $(VENV)/bin/python
PORT ?= 8000
ONLY ?=
JOBS ?= 2
ARGS ?=

export NO_MKDOCS_2_WARNING := 1
export TF_CPP_MIN_LOG_LEVEL := 3
export TF_ENABLE_ONEDNN_OPTS := 0

.PHONY: serve test labs labs-check refresh stamp build clean environment

serve: environment  ## Serve the site in both languages, with live reload
	@$(PYTHON_IN) tools/serve.py --port "$(PORT)" --only "$(ONLY)"

test: environment  ## Check everything: tests, code blocks, labs, links, browser
	@$(PYTHON_IN) -m pytest -n $(JOBS) $(ARGS)

labs: environment  ## Execute the labs that changed and write their notebooks
	@$(PYTHON_IN) tools/labs.py $(ARGS)

labs-check: environment  ## Execute every lab again and compare with its notebooks
	@$(PYTHON_IN) tools/labs.py --check $(ARGS)

refresh: environment  ## Run the code blocks and rewrite the outputs below them
	@$(PYTHON_IN) tools/refresh.py $(ARGS)

stamp: environment  ## Mark the two languages of a page as in line with each other
	@$(PYTHON_IN) tools/stamp.py $(ARGS)

build: environment  ## Build the site into site/, strictly
	@$(PYTHON_IN) -m mkdocs build --strict

clean:  ## Remove what was built and cached; .venv stays
	rm -rf site build .cache .pytest_cache .hypothesis .mypy_cache .ruff_cache .coverage
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

environment:
	@VENV="$(VENV)" sh tools/environment.sh
