#!/bin/sh
# Builds Pulumi's own command, of the version that go.mod names, for machines without one: build_pulumi.sh TARGET
# Several minutes the first time, seconds when Go's cache is warm. Says so and does nothing where no fitting Go is found.
set -eu
target=$(mkdir -p "$(dirname "$1")" && cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
version=$(awk '$1 == "github.com/pulumi/pulumi/pkg/v3" { print $2 }' go.mod)
wanted=$(awk '$1 == "go" { print $2 }' go.mod)
export GOTOOLCHAIN=local  # the Go that is here or none: it must not fetch another
export PULUMI_SKIP_UPDATE_CHECK=true

if [ -x "$target" ] && [ "$("$target" version)" = "$version" ]; then
    exit 0
fi
found=$(go env GOVERSION 2>/dev/null | sed 's/^go//; s/ .*//') || true
oldest=$(printf '%s\n%s\n' "$wanted" "${found:-0}" | sort -V | head -n 1)
if [ "$oldest" != "$wanted" ]; then
    echo "pulumi $version is not built: it needs Go $wanted or later, found ${found:-none}" >&2
    exit 0
fi
echo "building pulumi $version with Go $found; the first time takes some minutes" >&2
# Without its version, the command is refused by the Automation API.
nice -n 5 go build -buildvcs=false -o "$target" \
    -ldflags "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
    github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
