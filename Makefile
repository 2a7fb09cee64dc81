# The commands of docs/reference/commands.md. Each makes the environment that it needs.
#
# .venv/.base: what the server needs, with every optional database and broker driver
# .venv/.dev:  that, and all that tests, checks and documentation need
# Both are made again when the lock changes. What the server needs is compiled as it is first used:
# most modules of the libraries never are, and their bytecode would take 200 MB. The libraries' own
# tests are taken out.

VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base
DEV := $(VENV)/.dev
RUNNING := $(if $(wildcard $(DEV)),$(DEV),$(BASE))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: up env test check bench lock clean
.DEFAULT_GOAL := up

up: $(RUNNING)
	@exec $(BIN)/modelwright up $(ARGS)

env: $(DEV)

# Tests within one process use all cores; those of whole servers have the machine to themselves.
# pytest ends with 5 where it has nothing to do.
NOT_SLOW := $(if $(SLOW),,and not slow)
test: $(DEV)
	@$(BIN)/python tools/browser.py
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not server $(NOT_SLOW)" $(ARGS) || [ $$? -eq 5 ]
	$(BIN)/python -m pytest -m "server $(NOT_SLOW)" $(ARGS) || [ $$? -eq 5 ]

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/with_empty_home.py manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=modelwright.config.settings \
		$(BIN)/python tools/with_empty_home.py tools/check_migrations.py
	$(BIN)/yamllint compose.yaml deploy
	$(BIN)/python tools/with_empty_home.py manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/mkdocs build --strict --quiet --site-dir build/site
	$(PIP) check
	$(BIN)/python tools/audit.py

bench: $(DEV)
	$(BIN)/python -m bench $(PARTS)

lock:
	uv pip compile pyproject.toml --extra postgres --extra redis --extra rabbitmq --extra compiled \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --universal \
		--python-version 3.11 --output-file requirements/base.txt --quiet
	uv pip compile pyproject.toml --all-extras --group dev \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --universal \
		--python-version 3.11 --output-file requirements/dev.txt --quiet
	echo "setuptools>=80" | uv pip compile - \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --universal \
		--python-version 3.11 --output-file requirements/build.txt --quiet

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@python=$$(tools/find_python) && "$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(BASE): requirements/base.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the server needs into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --no-compile --require-hashes -r requirements/base.txt
	@$(BIN)/python tools/without_tests.py
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python tools/compile_ahead.py || true
	@touch $@

$(DEV): requirements/dev.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing what tests and checks need into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python tools/compile_ahead.py || true
	@touch $@
