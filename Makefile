# Thin: each target also works by hand. PYTHON chooses the interpreter, ONCE=1 lets the demo end by itself.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
KERNEL := service/newsdex/index/columnar/kernel
BUILT := $(KERNEL)/kernel.so

.PHONY: help setup demo test test-faults kills hidden fuzz lint format bench bench-typing bench-index bench-million spelling
.PHONY: memory bench-steady relations relevance relevance-choose contract constraints clean

help:
	@echo "make demo (ONCE=1) · test · test-faults · test-cluster · kills · hidden · fuzz · relations · lint · format · bench · bench-typing · bench-index · bench-peers"
	@echo "     bench-million · bench-steady · memory · spelling · pasted · extraction · relevance · contract · constraints · clean · test-kernel"

setup: $(READY)

$(READY): constraints-dev.txt pyproject.toml schemas/pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r constraints-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e schemas -e .
	@touch $@

# what is written in C; the installation compiled it, this does so again when it changed
$(BUILT): $(wildcard $(KERNEL)/*.c $(KERNEL)/*.h) service/compile_kernel.py | $(READY)
	$(BIN)/python service/compile_kernel.py

demo: $(BUILT)
	$(BIN)/python deploy/demo.py $(if $(ONCE),--once)

test: $(BUILT)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# the kernel's tests under the sanitizers of addresses and of undefined behaviour; needs gcc
.PHONY: test-kernel
test-kernel: $(BUILT)
	@trap '$(BIN)/python service/compile_kernel.py' EXIT; \
	runtime="$$($(BIN)/python service/compile_kernel.py --sanitized)" && \
	LD_PRELOAD="$$runtime" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
		$(BIN)/python -m pytest tests/columnar/test_kernel.py tests/columnar/test_packing.py $(ARGS)

# all tests of faults, those that take a while too
test-faults: $(BUILT)
	$(BIN)/python -m pytest tests/faults -m "long or not long" $(ARGS)

# on real engines beyond one machine: what is not here is skipped with a reason
.PHONY: test-cluster
test-cluster: $(BUILT)
	$(BIN)/python -m pytest tests/cluster -m "long or not long" $(ARGS)

# kills processes a thousand times and keeps the result; half an hour and more
kills: $(BUILT)
	$(BIN)/python -m tests.faults.kills --keep $(ARGS)

# asks archives that differ in hidden articles twenty thousand requests; half an hour
hidden: $(BUILT)
	HIDDEN_REQUESTS=20000 $(BIN)/python -m pytest tests/unit/test_hidden.py $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BUILT)
	$(BIN)/python -m tests.benchmarks.pipeline $(ARGS)

# holds relations between the answers to 20,000 drawn queries, each
relations: $(BUILT)
	DRAWN_QUERIES=20000 $(BIN)/python -m pytest -q tests/unit/test_query_relations.py $(ARGS)

# asks ten thousand queries that hurt, and keeps what they took
fuzz: $(BUILT)
	$(BIN)/python -m tests.faults.measure_queries $(ARGS)

# measures the memory of each process under hostile and real articles; half an hour
memory: $(BUILT)
	$(BIN)/python -m tests.benchmarks.process_memory $(ARGS)

# measures searches while events come all the time; half an hour
bench-steady: $(BUILT)
	$(BIN)/python -m tests.benchmarks.steady $(ARGS)

$(VENV)/.peers: constraints-bench.txt $(READY)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r constraints-bench.txt
	@touch $@

bench-index: $(VENV)/.peers $(BUILT)
	$(BIN)/python -m tests.benchmarks.index $(ARGS)

# measures newsdex end to end beside the same thing around tantivy and around SQLite's FTS5
.PHONY: bench-peers
bench-peers: $(VENV)/.peers $(BUILT)
	$(BIN)/python -m tests.benchmarks.against_peers $(ARGS)

# takes most of an hour, and 20 GB of memory and disk
bench-million: $(VENV)/.peers $(BUILT)
	$(BIN)/python -m tests.benchmarks.million $(ARGS)
# measures what HTTP adds to the broker's round trip
.PHONY: bench-http
bench-http: $(BUILT)
	$(BIN)/python -m tests.benchmarks.http $(ARGS)

bench-typing: $(BUILT)
	$(BIN)/python -m tests.benchmarks.typing $(ARGS)

# measures over judged collections and known-item searches; needs the test data
relevance: $(VENV)/.peers $(BUILT)
	$(BIN)/python -m tests.relevance.measure $(ARGS)

# tries parameters of ranking, leaving each collection out once
relevance-choose: $(VENV)/.peers
	$(BIN)/python -m tests.relevance.choose

# measures which articles count as versions of one story; needs the test data
.PHONY: repeats
repeats: $(BUILT)
	$(BIN)/python -m tests.relevance.repeats

# measures what is read off real pages, beside peers where they are installed; needs the test data
.PHONY: extraction
extraction: $(BUILT)
	$(BIN)/python -m tests.extraction.measure $(ARGS)

# measures did-you-mean; needs the test data
spelling: $(BUILT)
	$(BIN)/python -m tests.relevance.spelling

# pastes headlines as they stand; needs the test data
.PHONY: pasted
pasted: $(BUILT)
	$(BIN)/python -m tests.relevance.pasted $(ARGS)

# writes the generated documents of the contract anew
contract: $(READY)
	$(BIN)/python schemas/generate.py

# what tests/unit/test_typescript.py compiles with, tests/integration/test_generated_classes.py makes classes of the JSON Schemas with, and what tests/page looks for
# barriers with; needs npm and the network
.PHONY: contract-tools
contract-tools:
	npm install --silent --no-audit --no-fund --no-package-lock --prefix .contract-tools \
		ajv@8.20.0 ajv-formats@3.0.1 quicktype@23.3.25 axe-core@4.10.3 typescript@5.9.3
	$(PYTHON) -m venv .contract-tools/python
	.contract-tools/python/bin/pip install -q --disable-pip-version-check datamodel-code-generator==0.89.0

# resolves the newest versions that pyproject.toml allows; needs uv
constraints:
	uv pip compile -q -U pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --no-emit-package newsdex-schemas -o constraints.txt
	uv pip compile -q -U pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-emit-index-url --no-emit-package newsdex-schemas -o constraints-dev.txt
	uv pip compile -q -U --group pyproject.toml:build --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-emit-index-url -o constraints-build.txt
	uv pip compile -q -U --group pyproject.toml:bench --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-emit-index-url -o constraints-bench.txt

clean:
	rm -rf $(VENV) $(BUILT) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
