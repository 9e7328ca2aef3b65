# What one needs day by day. `make` alone says what there is.

CARGO_LAMBDA_VERSION := 1.9.2
# The one on the PATH, or our own, which is then installed.
CARGO_LAMBDA ?= $(or $(shell command -v cargo-lambda),.tools/bin/cargo-lambda)
export CARGO_LAMBDA

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Serve the API on http://127.0.0.1:9000 (API_PORT, ISSUER_PORT and DYNAMODB_PORT change ports)
	@exec target/debug/local run

.PHONY: token
token: ## Print an access token for `make run` (SUB=usr_… ACCOUNT=acc_… choose whose)
	@target/debug/local token

.PHONY: clean-data
clean-data: ## Forget what `make run` has stored
	rm -rf .data

.PHONY: build
build: $(CARGO_LAMBDA)
	@echo "▸ building (the first time takes a few minutes)"
	@cargo build

.tools/bin/cargo-lambda:
	@echo "▸ installing cargo-lambda $(CARGO_LAMBDA_VERSION) into .tools"
	@python3 -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check cargo-lambda==$(CARGO_LAMBDA_VERSION)
