#!/bin/bash
# Runs the tests that need more than one process: those in files with one of
# the build tags given (a,b,c), one package at a time, for some measure time on a
# small machine. The other tests of these packages are layer 1's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tags=${1:?tags}
tagged() { grep -rlE --include='*_test.go' "^//go:build (${tags//,/|})$" "$@"; }
status=0
for folder in $(tagged . | xargs dirname | sort -u); do
  tests=$(tagged "$folder"/*_test.go | xargs sed -n 's/^func \(Test[A-Za-z0-9_]*\)(t .*/\1/p' | paste -sd'|')
  # What waits for time is many at a time, what needs a processor for a virtual
  # machine, if not always, is not.
  beside=8
  grep -qlE '^//go:build .*vm' "$folder"/*_test.go && beside=$(($(nproc) + 1))
  ${GO:-go} test -parallel "$beside" -timeout 20m -tags "$tags" -run "^($tests)\$" "$folder" || status=1
done
exit $status
