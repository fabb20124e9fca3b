#!/bin/sh
# Builds the pulumi command in the version of go.mod, for machines that have none: build_pulumi.sh TARGET
# Takes minutes the first time, seconds once Go's cache is warm. Without a recent Go it prints a note and builds nothing.
set -eu
target=$(mkdir -p "$(dirname "$1")" && cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
version=$(awk '$1 == "github.com/pulumi/pulumi/pkg/v3" { print $2 }' go.mod)
required=$(awk '$1 == "go" { print $2 }' go.mod)
export GOTOOLCHAIN=local  # use the installed Go: it must not download another
export PULUMI_SKIP_UPDATE_CHECK=true

if [ -x "$target" ] && [ "$("$target" version)" = "$version" ]; then
    exit 0
fi
installed=$(go env GOVERSION 2>/dev/null | sed 's/^go//; s/ .*//') || true
oldest=$(printf '%s\n%s\n' "$required" "${installed:-0}" | sort -V | head -n 1)
if [ "$oldest" != "$required" ]; then
    echo "pulumi $version is not built: it needs Go $required or later, but found ${installed:-none}" >&2
    exit 0
fi
echo "building pulumi $version with Go $installed; the first time takes some minutes" >&2
# The Automation API rejects a command without its version.
nice -n 5 go build -buildvcs=false -o "$target" \
    -ldflags "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
    github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
