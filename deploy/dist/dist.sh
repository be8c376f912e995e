#!/bin/bash
# Packs static builds for the kinds of boards that stand beside modems:
#   dist.sh FOLDER [GOARCH[/GOARM] …]     FOLDER/carrier-VERSION-linux-ARCH.tar.gz each
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=$(realpath -m "${1:?folder}"); shift
[ $# -gt 0 ] || set -- amd64 arm64 arm/6 386
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
mkdir -p "$out"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
for target; do
  arch=${target%/*}; arm=
  [ "$arch" = "$target" ] || arm=${target#*/}
  name=carrier-$version-linux-$arch${arm:+v$arm}
  into=$work/$name
  mkdir -p "$into/bin" "$into/deploy"
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch GOARM=$arm ${GO:-go} build -trimpath -ldflags=-s -o "$into/bin/" ./pac ./pns ./hardware/cmd/...
  cp README.md LICENSE deploy/dist/install.sh "$into/"
  # Where the tree has them, so that the links between pages lead there too.
  cp -r docs "$into/"
  cp -r deploy/systemd deploy/examples deploy/prometheus deploy/grafana "$into/deploy/"
  # The same tree makes the same archive, whoever packs it and when.
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="$(git log -1 --format=%cI 2>/dev/null || echo @0)" \
    -C "$work" -c "$name" | gzip -n >"$out/$name.tar.gz"
  echo "$out/$name.tar.gz"
done
