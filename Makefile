# Each command installs first what this machine lacks (Debian packages), and says what it installs.

export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: help run test check format lints documentation dependencies bench scale

help: ## lists these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## builds Lanyard and starts the demo clinic; make run DEMO="--listen localhost:9080" passes options on
	@.ci/install build run
	cargo build --locked
	cargo run --locked --quiet -- demo $(DEMO)

test: ## runs every test: rules, storage on both databases, endpoints, and real apps and a browser against the demo
	@.ci/install build run test
	tests/with-postgres cargo test --locked
	tests/with-postgres --fsync tests/alone
	conformance/run

check: format lints documentation ## formatting, lints and documentation, warnings as errors
format:
	cargo fmt --check
lints:
	cargo clippy --locked --all-targets -- -D warnings
documentation:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
dependencies:
	.ci/dependencies

bench: ## measures CPU per request beside the floor and prints the ratios
	@.ci/install build run bench
	benches/run

scale: ## measures provisioning by SCIM with 10,000 and 1,000,000 people, on both databases (an hour)
	@.ci/install build run test bench
	tests/with-postgres --fsync benches/scale
