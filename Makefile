# One command for each thing people do here. Needs git, make and Python >= 3.11 with venv; nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BENCH  := .local/bench
BENCH_READY := $(BENCH)/.ready
PYTEST := $(BIN)/python -m pytest

# Trust what the system trusts, where it says so: a company's proxy is known there and nowhere else.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS := 1
endif

.PHONY: help setup demo test check unit integration soak soak-kills soak-faults soak-storm soak-restart soak-memory soak-disk \
  soak-brokers soak-zombies soak-simulation soak-fuzz soak-deliveries soak-gateway soak-crash-loop soak-ledgers soak-tryton \
  soak-deploy soak-rules soak-tie-out soak-metrics soak-runbooks soak-watch soak-compiled compose-secrets kubernetes \
  wheel-compiled bench bench-core bench-sinks bench-check bench-orders mutate lock down clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

setup: $(READY) ## A virtual environment with the locked dependencies and asiento in it

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "asiento needs Python 3.11 or newer, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip install --python $(VENV) --quiet --require-hashes -r requirements.lock
	$(BIN)/uv pip install --python $(VENV) --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup ## A trading day through a real Kafka into a ledger, checked; stops everything at the end
	$(BIN)/asiento up --demo --check

check: setup ## The fast part of the tests: format, lint, types, layers, the contract, unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/asiento schemas check
	$(MAKE) --no-print-directory unit

unit: setup
	$(PYTEST) -q -n 2 -m "not kafka and not slow and not soak"

# Three at a time: most of it waits for processes. Whole files, as some share what their first test has built; longest first.
integration: setup
	$(PYTEST) -q -n 3 --durations 25 --dist loadfile --no-loadscope-reorder -m "(kafka or slow) and not soak" \
	  tests/acceptance tests/integration tests/contract tests/unit tests/simulation

test: check integration ## All that decides whether a change is good, real Kafka included

soak: soak-deliveries ## The long suites: many kills under load
	$(PYTEST) -q -m soak --timeout 3600

soak-fuzz: setup ## 200 000 mutated records through every decoder (SEED)
	SEED=$(or $(SEED),1) $(PYTEST) -q -m soak tests/fuzz --timeout 1500 -o log_cli=true -o log_cli_level=WARNING

soak-deliveries: setup ## A hundred shuffled, doubled, interleaved deliveries of every platform's payloads (SEED: the first)
	DELIVERY_SEED=$(or $(SEED),0) DELIVERY_SEEDS=100 $(PYTEST) -q -n 2 -m "not soak and not kafka and not slow" tests/unit/sources

soak-gateway: setup ## 200 000 malformed requests at the gateway, and a broker that is away for a minute under load (SEED)
	SEED=$(or $(SEED),1) $(PYTEST) -q -m soak tests/integration/test_gateway_requests.py tests/integration/test_gateway.py --timeout 3000 \
	  -o log_cli=true -o log_cli_level=WARNING

soak-crash-loop: setup ## Deadly records set aside, innocent ones near 20 kills and 5 broker outages never; a real broker
	$(PYTEST) -q -m soak tests/integration/test_crash_loop.py tests/integration/test_decompression_bomb.py --timeout 1500 \
	  -o log_cli=true -o log_cli_level=WARNING

soak-ledgers: setup ## Thousands of documents for each ledger outside: by its vendor's contract (LIVES), through a bad network (ORDERS)
	LEDGER_LIVES=$(or $(LIVES),450) LEDGER_ORDERS=$(or $(ORDERS),600) $(PYTEST) -q -s -n 2 \
	  tests/contract/test_*_requests.py tests/contract/test_*_faults.py tests/integration/test_posting_standins.py \
	  tests/integration/test_postings_postgresql.py --timeout 7200

soak-rules: setup ## The rules of alerts with promtool of Prometheus 3, which Go builds the first time; minutes
	$(PYTEST) -q -m soak tests/integration/test_newer_prometheus.py

# What the chaos harness can be told: docs/chaos.md. The last lines of each are its figures.
CHAOS = SEED=$(or $(SEED),1) $(PYTEST) -q -m soak --timeout 1500 -o log_cli=true -o log_cli_level=WARNING

soak-kills: setup ## Sixty kill -9 of workers, sink, broker and database over 300 000 events (SEED)
	$(CHAOS) tests/acceptance/test_chaos_checks.py tests/acceptance/test_chaos_upgrade.py tests/acceptance/test_agreement.py \
	  tests/acceptance/test_chaos_kills.py

soak-faults: setup ## Frozen processes, restarts of broker and database, cuts of the network, five of each (SEED)
	$(CHAOS) tests/acceptance/test_chaos_faults.py tests/acceptance/test_database_away.py

soak-storm: setup ## Five minutes in which a worker joins or leaves every 15 s (SEED)
	$(CHAOS) tests/acceptance/test_chaos_storm.py

soak-restart: setup ## Time to the first new entry after a kill, and to recover the order states (SEED)
	$(CHAOS) tests/acceptance/test_chaos_restart.py

soak-memory: setup ## Memory, handles and tasks over twenty minutes at half of peak (SEED)
	$(CHAOS) tests/acceptance/test_chaos_memory.py

soak-disk: setup ## Full disks under ledger, database and broker; needs the right to mount (SEED)
	$(CHAOS) tests/acceptance/test_chaos_disk.py

soak-brokers: setup ## Three brokers, each killed in turn under load, then two at once; about ten minutes
	SEED=$(or $(SEED),1) $(PYTEST) -q -m "soak or kafka" --timeout 1500 -o log_cli=true tests/acceptance/test_three_brokers.py

soak-zombies: setup ## Workers frozen at each step of a commit and woken while their successor is in its own; about three minutes
	SEED=$(or $(SEED),1) $(PYTEST) -q -m "soak or kafka" --timeout 1500 -o log_cli=true tests/integration/test_worker_zombies.py

soak-tie-out: setup ## A thousand differences planted in the ledger of a hundred thousand orders; three minutes
	$(PYTEST) -q -m soak --timeout 1500 -o log_cli=true -o log_cli_level=WARNING tests/unit/sinks_tie_out

soak-tryton: setup ## A real Tryton: 5 000 calls through a bad network, 300 orders with refunds and 20 kill -9 in both modes; an hour or two
	$(PYTEST) -q -m soak --timeout 3600 -o log_cli=true -o log_cli_level=WARNING tests/integration/test_tryton_ledger.py \
	  tests/integration/test_tryton_faults.py tests/acceptance/test_tryton_kills.py

soak-deploy: setup ## All processes of the compose file on real parts; the overlays by the real kustomize; builds that with Go once
	$(PYTEST) -q -m soak --timeout 1800 tests/integration/test_kustomize.py tests/acceptance/test_composed_processes.py

soak-watch: setup ## Faults injected one by one into a watched installation: on a board and raised within a minute, over when mended (SEED, FAULTS)
	$(CHAOS) tests/acceptance/test_watched_figures.py tests/acceptance/test_watched_faults.py --timeout 7200

soak-runbooks: setup ## Runbooks of discrepancies and alerts against the real fault: each of their commands, and what mends it; twenty minutes
	$(PYTEST) -q -m "soak or not soak" --timeout 1500 -o log_cli=true tests/acceptance/test_runbooks_tried.py tests/acceptance/test_alert_runbooks_tried.py

soak-compiled: setup ## The compiled core: its wheel in an environment without the sources of its modules, and all tests of the core there
	$(PYTEST) -q -m soak --timeout 3600 -o log_cli=true tests/acceptance/test_compiled_wheel.py

soak-metrics: setup ## Series of every process with 48 partitions, the same for any number of orders, and that they agree
	SERIES_PARTITIONS=48 $(PYTEST) -q -m soak --timeout 600 -o log_cli=true -o log_cli_level=WARNING tests/integration/test_metric_series.py

soak-simulation: setup ## 2 000 simulated worlds from SEED on, then every planted delivery bug; twenty minutes
	SEED=$(or $(SEED),1) $(PYTEST) -q -s -m soak --timeout 3600 tests/simulation

wheel-compiled: setup ## dist/: a wheel with the core compiled for this Python and this kind of machine; needs a C compiler, two minutes
	HATCH_BUILD_HOOKS_ENABLE=true $(BIN)/python -m hatchling build -t wheel

bench: bench-core $(BENCH_READY) ## The core alone, then CPU per event beside its peers, sink, projector; how long operators wait (ROUNDS)
	$(BIN)/python -m bench.throughput --rounds $(or $(ROUNDS),1)
	$(BIN)/python -m bench.sink_rates
	$(BIN)/python -m bench.costs
	$(BIN)/python -m bench.operational_queries

bench-check: setup ## Whether the worker has become slower than a bare loop by 15 % and more; half an hour (ROUNDS)
	$(BIN)/python -m bench.check --rounds $(or $(ROUNDS),7)

bench-orders: setup ## CPU and memory of the worker with 10^4, 10^5 and 10^6 open orders; three quarters of an hour (ORDERS)
	$(BIN)/python -m bench.orders --orders $(or $(ORDERS),10000 100000 1000000)

$(BENCH_READY): requirements-bench.lock $(READY)
	test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BIN)/uv pip install --python $(BENCH) --quiet --require-hashes -r requirements-bench.lock
	touch $@

bench-sinks: setup ## The ledger sinks beside the same rows written bare, into SQLite and PostgreSQL; no broker
	$(BIN)/python -m bench.sink_rates

bench-core: setup ## Time per decision, size of a state, simulate of 100 000 events; no broker
	$(BIN)/python -m bench.core

mutate: setup ## Mutation testing of the core: planted bugs, then a seeded sample (SAMPLE, SEED, MODULE); up to half an hour
	$(BIN)/python -m tests.mutation --planted
	$(BIN)/python -m tests.mutation --sample $(or $(SAMPLE),400) --seed $(or $(SEED),1) --module "$(MODULE)"

lock: setup ## Resolve the dependencies again and write the lock files
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
	  --extra local-kafka --group dev --quiet -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
	  --group bench --quiet -o requirements-bench.lock
	printf 'uv==%s\n' "$$($(BIN)/uv --version | cut -d' ' -f2)" | $(BIN)/uv pip compile --universal --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet -o requirements-uv.lock -
	echo 'beancount==3.2.3' | $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 --quiet -o tests/requirements-beancount.lock -

compose-secrets: ## Passwords for docker-compose.yml, as files that git ignores; what is there is kept
	sh deploy/compose/make-secrets.sh

kubernetes: setup ## Write the manifests that follow from the topics, the rights, the rules and the table of processes
	$(BIN)/python -m deploy.kubernetes.generate

down: ## Stop what a killed `asiento up` left running
	test ! -x $(BIN)/asiento || $(BIN)/asiento down

clean: down ## Remove the environment and all local data
	rm -rf $(VENV) $(BENCH) .asiento .local/tryton .mypy_cache .ruff_cache .pytest_cache .hypothesis
