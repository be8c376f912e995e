#!/bin/bash
# Runs every fuzz target of the tree, one on each processor at a time.
#   fuzz.sh 10s        for so long each
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:?how long for each target}
one() { # one PACKAGE TARGET TIME: prints what came of it, all of it when it failed
  local out try
  for try in 1 2 3; do
    if out=$(go test -run '^$' -fuzz "^$2\$" -fuzztime "$3" -fuzzminimizetime 10x -parallel 1 "$1" 2>&1); then
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
export -f one
grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . |
  sed -E 's|^(.*)/[^/]*:func (.*)$|\1 \2|' | sort |
  xargs -P "$(nproc)" -L 1 bash -c 'one "$1" "$2" "$0"' "$each"
