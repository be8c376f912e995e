#!/bin/bash
# Runs the tests that need more than one process: those in files with one of
# the build tags given (a,b,c). The other tests of these packages are layer 1's.
# What measures time, tagged realtime, has the machine to itself, a package at a
# time; then comes the rest, two packages at a time. Much of it waits, for modems and
# timers, so in a package more tests than there are processors run side by side.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tags=${1:?tags}
tagged() { grep -rlE --include='*_test.go' "^//go:build .*\b(${1//,/|})\b" .; }
folders() { xargs dirname <<<"$1" | sort | uniq -c | sort -rn | awk '{print $2}'; } # of files, the fullest first
run() { # run FILES OPTIONS AND PACKAGES...: the tests in these files
  local tests
  tests=$(xargs sed -n 's/^func \(Test[A-Za-z0-9_]*\)(t .*/\1/p' <<<"$1" | sort -u | paste -sd'|')
  ${GO:-go} test -timeout 20m -tags "$tags" -run "^($tests)\$" "${@:2}" || status=1
}
status=0
timed=$(tagged realtime)
for folder in $(folders "$timed"); do
  run "$(grep "^$folder/[^/]*$" <<<"$timed")" -parallel 8 "$folder"
done
rest=$(tagged "$tags" | grep -vxF "$timed")
run "$rest" -p 2 -parallel $(($(nproc) + 3)) $(folders "$rest")
exit $status
