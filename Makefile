# The project's commands. Bare `make` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help

# Seconds, or a number of runs as 1000x, that each fuzz target gets.
FUZZTIME ?= 10s
# What `make bench` runs: an expression over benchmark names, and for how long each.
BENCH ?= .
BENCHTIME ?= 1s
# The folder of the network that `make network` starts.
NETWORK ?= bin/network
HUZHENG_NET = bin/huzheng-net --dir $(NETWORK)
# Arguments of `make demo`, as in: make demo ARGS='--out results --json'; of `make bench-network`: ARGS='-benchnet.json bench.json';
# of `make test-faults`: ARGS='-faults.seed 7'
ARGS ?=
# Which faults test-faults brings about, as in: make test-faults FAULTS='TestFaults/(lying_peer|disk_full)'.
FAULTS ?= TestFaults
# Which of them it leaves out, as in: make test-faults SKIP=TestFaults/chaincode_swapped.
SKIP ?=
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
GOVULNCHECK ?= golang.org/x/vuln/cmd/govulncheck@v1.1.4

# The tools whose versions tools/go.mod fixes come before any that the machine has.
export PATH := $(CURDIR)/bin/tools:$(PATH)

##@ Use

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/huzheng
	@mkdir -p bin
	go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/...

.PHONY: build-network
build-network: ## build bin/huzheng-net, which starts and administers Fabric networks of provinces
	@mkdir -p bin
	cd network && go build -trimpath -o ../bin/ ./cmd/huzheng-net

.PHONY: demo
demo: build ## four provinces certify and verify each other's documents; ends by itself
	bin/huzheng demo $(ARGS)

.PHONY: network
network: build build-network ## four provinces on a Fabric network of their own, each with its gateway, in NETWORK (bin/network)
	$(HUZHENG_NET) up --chaincode bin/chaincode --gateway bin/huzheng

.PHONY: network-demo
network-demo: build ## what `make demo` shows, on the network that `make network` has started
	bin/huzheng demo --network $(NETWORK) $(ARGS)

.PHONY: network-status
network-status: build-network ## the network's nodes: state, height, version, certificate expiry
	$(HUZHENG_NET) status

.PHONY: network-down
network-down: build-network ## end the network and remove its data
	$(HUZHENG_NET) down --wipe

.PHONY: bench
bench: build ## measure: benchmarks beside the code, then the table of speeds
	go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem ./...
	bin/huzheng bench

.PHONY: bench-network
bench-network: ## measure a Fabric network of four provinces beside a plain application on it: some five minutes
	HUZHENG_FABRIC=1 go test -run '^$$' -bench Network -benchtime 1x -timeout 60m ./test/benchnet -v $(if $(ARGS),-args $(ARGS))

##@ Prove

.PHONY: test
test: ## everything that proves it works: rules, formats, properties, faults, command line, README; brief fuzzing
	@echo "== unit, property, fault, script and README tests"
	go test -count=1 -shuffle=on -timeout 30m ./...
	@echo "== the network module, without a network"
	cd network && go test -count=1 -short ./...
	@$(MAKE) test-faults
	@$(MAKE) test-hosts
	@$(MAKE) fuzz FUZZTIME=2000x

.PHONY: test-race
test-race: ## the same tests, shorter, under the race detector
	go test -race -short -count=1 -timeout 30m ./...

.PHONY: test-faults
test-faults: ## conformance, the command line, a browser and faults on real Fabric networks with gateways: builds Fabric once (minutes), then some twenty minutes
	@echo "== conformance, the main path in a browser and faults on real Fabric networks"
	HUZHENG_FABRIC=1 go test -v -count=1 -p 1 -timeout 20m -run TestFabric ./test/conformance ./test/cli ./test/browser
	HUZHENG_FABRIC=1 go test -v -count=1 -timeout 60m -run '$(FAULTS)' $(if $(SKIP),-skip '$(SKIP)') ./test/faults $(if $(ARGS),-args $(ARGS))

.PHONY: test-hosts
test-hosts: ## a network from rendered folders, each province in a network namespace of its own: cut off, healed, renewed
	@echo "== provinces on hosts apart"
	cd network && go test -v -count=1 -timeout 20m -run TestNetworkFromRenderedFolders ./internal/render

.PHONY: test-network
test-network: ## the network module on real Fabric networks: builds Fabric once (minutes), then some four minutes
	cd network && go test -count=1 -p 1 -timeout 60m ./...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s)
	@echo "== fuzzing, $(FUZZTIME) each"
	@scripts/fuzz $(FUZZTIME)

.PHONY: cover
cover: ## statements that the tests reach: a summary, and bin/cover.html
	@mkdir -p bin
	go test -count=1 -short -coverpkg=./... -coverprofile=bin/cover.out ./...
	@go tool cover -html=bin/cover.out -o bin/cover.html
	@go tool cover -func=bin/cover.out | tail -n 1

##@ Keep

.PHONY: lint
lint: tools ## linters, shell scripts, modules, generated files, the architecture
	@echo "== golangci-lint"
	@golangci-lint run ./...
	@cd network && golangci-lint run ./...
	@echo "== shellcheck"
	@shellcheck .ci/run scripts/check-generated scripts/fuzz scripts/tools
	@echo "== modules"
	@go mod verify
	@go mod tidy -diff || { echo "go.mod or go.sum is not tidy: run 'go mod tidy' and commit" >&2; exit 1; }
	@$(MAKE) check-generated
	@echo "== architecture"
	@go test -count=1 ./internal/archtest/...

.PHONY: generate
generate: tools ## write the generated code anew
	go generate ./...

.PHONY: pictures
pictures: ## the README's three pictures, taken of the real pages by a browser: some minutes
	go test -count=1 -timeout 20m ./test/browser -args -browser.scripts citizen.test.mjs
	go test -count=1 -timeout 20m ./test/browser -args -browser.scripts office.test.mjs
	@mkdir -p docs/pictures
	cp bin/screenshots/citizen-code-desktop.png docs/pictures/code.png
	cp bin/screenshots/office-result-desktop.png docs/pictures/verdict.png
	cp bin/screenshots/citizen-uses-story.png docs/pictures/uses.png

.PHONY: check-generated
check-generated: tools ## fail if generated code is not what its source gives
	@echo "== generated code"
	@scripts/check-generated

.PHONY: vuln
vuln: ## known vulnerabilities in what we import (asks the network)
	go run $(GOVULNCHECK) ./...

.PHONY: tools
tools: ## build the tools of tools/go.mod into bin/tools, once per version
	@scripts/tools

.PHONY: clean
clean: ## remove what was built, the tools aside
	rm -rf bin/huzheng bin/chaincode bin/cover.out bin/cover.html
