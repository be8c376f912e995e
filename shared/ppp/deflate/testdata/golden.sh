#!/bin/bash
# Makes zlib.hex from packets.hex: what pppd with zlib would send for them.
set -euo pipefail
cd "$(dirname "$0")"
program=$(mktemp)
trap 'rm -f "$program"' EXIT
gcc -O -o "$program" zlib.c -lz
"$program" compress 15 <packets.hex >zlib.hex
