# make run    builds, and shows the main job: a modem call carried to a company's LAN
# make test   every layer of tests; installs what is missing (Debian)
GO     ?= go
FUZZ   ?= 10s
SOAK   ?= 10m
# What the tests of the deep layers need: namespaces, real peers, the virtual
# machine, time that passes, an empty cache.
TAGS    = netns,peers,vm,realtime,demo
ROUNDS ?= 5
PAGE    = docs/performance.md
# The programs need no cgo; the race detector of the tests does. What else is compiled
# is compiled without it, once for all.
PURE    = CGO_ENABLED=0 $(GO)
BUILD   = $(PURE) build -trimpath -o bin/

.PHONY: all run test build packages lint unit small deep fuzz soak bench dist clean
all: build

build:
	$(BUILD) ./pac ./pns ./hardware/cmd/...

# ONCE=1 ends after the story, with status 0 only if every step was seen.
run: build
	$(BUILD) ./deploy/demo
	./bin/demo $(if $(ONCE),-once)

test: packages build lint unit small deep fuzz

packages:
	./deploy/testbed/guest/install.sh

lint:
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(PURE) vet -tags $(TAGS) ./...
	$(PURE) tool staticcheck -tags $(TAGS) ./...

# Layer 1: no root, one process. With the race detector pools forget and stacks
# are larger: what is allocated, and how large what waits is, is seen without.
# Some packages wait for time that passes, and with the race detector each takes a
# second to end: so there is one more than processors.
BESIDE  = $$(($$(nproc) + 1))
MEASURE = $$(grep -rlE --include='*_test.go' '^func Test.*(Alloc|Idle)' pac pns hardware shared | xargs dirname | sort -u | sed 's,^,./,')
unit:
	$(GO) test -race -p $(BESIDE) ./...
	$(PURE) test -run 'Alloc|Idle' $(MEASURE)
# The protocols where an int has 32 bits.
small:
	GOARCH=386 $(PURE) test ./shared/...
# Layers 2 and 3: network namespaces, real peers, the virtual machine, the demo
# on an empty cache.
# RACE=1 starts programs with the race detector in them; it is slower, and no
# figure of theirs means anything then.
deep: build
	CGO_ENABLED=0 RACE=$(RACE) GO=$(GO) ./deploy/deep.sh $(TAGS)

# Every fuzz target for so long; make fuzz FUZZ=5m for a long run.
fuzz:
	./deploy/fuzz.sh $(FUZZ)

# What make test does for a minute, for ten.
soak: packages build
	TRAFFIC=$(SOAK) CGO_ENABLED=0 $(GO) test -count=1 -timeout 2h -tags vm -run '^TestTwentyClients$$' ./deploy/testbed

# Our programs beside the lines to compare with; status 1 when a bar is missed.
# make bench ONLY='HDLC decode' ROUNDS=3 prints some rows; with WRITE=1 they go
# into the table as well, if it is this machine's.
bench: packages
	$(GO) run ./deploy/bench -rounds $(ROUNDS) $(if $(ONLY),-only '$(ONLY)' $(if $(WRITE),-md $(PAGE)),-md $(PAGE))

# Archives of static builds, for each kind of board.
dist:
	./deploy/dist/dist.sh dist

clean:
	rm -rf bin dist
