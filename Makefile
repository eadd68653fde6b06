# SPDX-License-Identifier: Apache-2.0
# The menu. `make help` lists it. Everything is built by Meson below $(BUILD)/meson.

BUILD := build
MESON_DIR := $(BUILD)/meson
FUZZ_DIR := $(BUILD)/fuzz
BENCH_DIR := $(BUILD)/bench-meson
SECONDS ?= 60
TARGETS ?=
export SECURABLE_SHARED ?= $(abspath ../shared)

.PHONY: help setup build run test powercut kills fuzz bench bench-hub check clean

help: ## show this menu
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## install the packages that are missing (Debian 12)
	@tools/setup build

build: setup ## build the programs into build/bin and build/libexec
	@tools/build $(MESON_DIR) $(BUILD)

run: build ## make a site, start its hub, device and console, stay in the foreground (TOUR=1: walk through everything; FRESH=1: begin anew)
	@tools/setup run
	@tools/run $(if $(TOUR),--tour) $(if $(FRESH),--fresh)

test: build ## all tests; the last line counts them
	@tools/setup test
	@tools/run-tests $(MESON_DIR)

powercut: build ## the long power cut search (100,000 distinct states)
	@$(MESON_DIR)/tests/powercut/powercut --distinct 100000

kills: build ## 200 kills of hub and device processes under a played fleet
	@tools/setup test
	@SECURABLE_KILLS=200 SECURABLE_MEMBERS=200 SECURABLE_PATIENCE_S=3600 tools/run-tests $(MESON_DIR) nothing_acknowledged_is_lost

fuzz: setup ## each fuzz target for SECONDS=60 under ASan and UBSan (TARGETS="cbor suit" for some)
	@tools/setup fuzz
	@tools/run-fuzz $(FUZZ_DIR) $(SECONDS) $(TARGETS)

bench: build ## measure against peers and floors; writes build/bench/*.json
	@tools/setup bench
	@tools/run-bench $(BENCH_DIR) $(BUILD)

bench-hub: build ## measure hub, link and fleet against nginx and swupdate; writes build/bench/*.json
	@tools/setup bench-hub
	@tools/run-bench-hub $(MESON_DIR) $(BUILD)

check: build ## style, bans, include rules, licence lines, both compilers, elements shown
	@tools/setup check
	@tools/check $(MESON_DIR)

clean: ## remove what was built
	rm -rf $(BUILD)
