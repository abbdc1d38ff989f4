# Two commands do it all on a fresh Debian 12 or 13 machine with a Rust toolchain:
#   make demo    the main job on simulated devices; pictures in target/demo/
#   make test    everything that must hold
# Packages come from Debian, crates from the configured registry; nothing is asked.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help packages build demo try test test-usb fuzz lint bench image test-image clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

packages: ## install what is missing from Debian's packages
	@tools/packages

build: packages ## release binaries in target/release/
	cargo build --release --locked --workspace --bins

demo: packages ## the main job, on a display if there is one, else headless with pictures
	demo/run

try: packages ## the whole terminal in a browser, on simulated devices
	demo/bench

lint: packages ## formatting, clippy, licences and sources
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --features yici-fuzz/targets -- -D warnings
	tools/deny

# Lints while it builds. These are the two variables that `cargo clippy` sets.
test: export RUSTC_WORKSPACE_WRAPPER = $(CURDIR)/tools/rustc
test: export CLIPPY_ARGS = -Dwarnings__CLIPPY_HACKERY__
test: packages ## formatting, clippy, licences and sources; unit, property and process tests
	cargo fmt --all --check
	tools/deny
	cargo build --locked --workspace --all-targets
	cargo test --locked --workspace
	tools/fuzz 3

test-usb: packages ## USB, HID and cameras, in a Debian kernel under QEMU (`.ci/run` runs it too)
	cargo build --locked -p yici-sim -p yici-guest
	tools/test-usb

fuzz: packages ## every parser that reads a wire, a minute each (`make test`: 3 seconds each)
	tools/fuzz 60

bench: packages ## ratios against peers and limits; target/bench/report.json
	tools/bench

image: packages ## the appliance's disk, in target/image/
	tools/packages-image
	cargo build --release --locked -p yici --no-default-features --features linuxkms
	image/build

# Its updates are looked for on this machine.
test-image: export UPDATE_URL ?= http://10.0.2.2:8753
test-image: image ## the image flashed on loop devices, started under OVMF, set up, updated (TESTS="PART OF A NAME..." for some)
	image/test/flash
	image/test/run $(TESTS)

clean: ## forget what was built
	cargo clean
