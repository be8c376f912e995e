#!/bin/bash
# Runs every fuzz target of the tree, two on each processor at a time.
#   fuzz.sh 10s        for so long each
# All are built before the first starts: a build has every processor, and would
# take it from the time of a target.
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:?how long for each target}
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
cache=$(go env GOCACHE)/fuzz/carrier
export each built cache
binary() { echo "$built/${1//\//_}.test"; } # of a package
build() { go test -vet=off -fuzz=. -c -o "$(binary "$1")" "$1"; }
one() { # one PACKAGE TARGET: prints what came of it, all of it when it failed
  local out try
  cd "$1"
  for try in 1 2 3; do
    if out=$("$(binary "$1")" -test.run '^$' -test.fuzz "^$2\$" -test.fuzztime "$each" -test.fuzzminimizetime 10x \
      -test.parallel 1 -test.fuzzcachedir "$cache/$1" 2>&1); then
      echo "ok    $1 $2: $(grep -o 'execs: [0-9]*' <<<"$out" | tail -1)"
      return
    fi
    # Go's fuzzer may say this, and nothing else, of a worker that was at work
    # when the time was up; what it finds it writes to a file.
    grep -q 'context deadline exceeded' <<<"$out" && ! grep -q 'Failing input' <<<"$out" || break
  done
  echo "FAIL  $1 $2"; echo "$out"
  return 1
}
export -f binary build one
targets=$(grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . |
  sed -E 's|^\./(.*)/[^/]*:func (.*)$|./\1 \2|' | sort)
cut -d' ' -f1 <<<"$targets" | uniq | xargs -P "$(nproc)" -I{} bash -c 'build {}'
xargs -P "$((2 * $(nproc)))" -L 1 bash -c 'one "$0" "$1"' <<<"$targets"
