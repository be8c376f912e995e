#!/bin/bash
# Installs the Debian packages that the tests need and that are missing.
#   install.sh        needs root (or sudo) only when something is missing
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
missing=()
while read -r p; do
  [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null || true)" = "ii " ] || missing+=("$p")
done <"$here/packages"
[ ${#missing[@]} -gt 0 ] || exit 0
command -v apt-get >/dev/null || { echo "tests need ${missing[*]}; this script installs them on Debian only" >&2; exit 1; }
echo "installing ${missing[*]}"
sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -qq
# RUNLEVEL=1: packages start no daemon of theirs (pptpd)
$sudo env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
