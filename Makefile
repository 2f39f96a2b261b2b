# Two commands do all the set-up: `make run` serves, `make test` runs every test. `make help` lists the others.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test lint doc audit bench conformance fuzz test-tools update

# CI builds in fresh clones; a folder outside keeps what was built.
ifdef CI
export CARGO_TARGET_DIR ?= $(HOME)/.cache/sifhub/target
endif
target := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
export SIFHUB_TEST_TOOLS ?= $(HOME)/.cache/sifhub/test-tools

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## Build and serve on 127.0.0.1:8080, with everything kept below ./data
	cargo run --release --locked -- serve

test: test-tools ## Install what the tests need, and run every test
	cargo test --workspace --locked

lint: ## Check formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc: ## Check the documentation of the code
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --locked

audit: ## Check licences, bans and sources of all dependencies
	command -v cargo-deny >/dev/null || cargo install cargo-deny --locked --version 0.20.2
	cargo deny --locked check licenses bans sources

bench: ## Measure speed side by side with others, and write docs/benchmarks.md
	cargo build --release --locked --bins --examples
	bench/run --sifhub '$(target)/release/sifhub'

conformance: test-tools ## Run the OCI's conformance suite, and write docs/conformance.md
	UPDATE=1 cargo test --locked --test main -- oci::conformance

fuzz: ## Fuzz the readers of SIF images, manifests, names and ranges, each for FUZZ_SECONDS (300)
	command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked --version 0.13.2
	for target in sif manifest name range; do \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run $$target -- -max_total_time=$(or $(FUZZ_SECONDS),300) -max_len=1048576; \
	done

update: ## Write the generated files anew: the schemas, docs/configuration.md, the access matrix
	UPDATE=1 cargo test --locked --test main -- generated access --skip the_chart_knows
	helm/schema

test-tools: ## Install the real servers and clients that the tests use
	tests/tools/install '$(SIFHUB_TEST_TOOLS)'
