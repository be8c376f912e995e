#!/bin/bash
# Runs every fuzz target of the tree, one after the other.
#   fuzz.sh 10s        for so long each
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:?how long for each target}
grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
  for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$each" -fuzzminimizetime 10x "./$(dirname "$file")"
  done
done
