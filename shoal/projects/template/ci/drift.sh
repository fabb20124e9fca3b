#!/usr/bin/env bash
# Exits with 1 where a stack is not what the branch declares: something was changed outside of it, or not deployed yet.
# Only looks: neither the state nor the stack changes. `refresh --preview-only` would also report each pool whose formula,
# start task, packages or metadata a deployment has changed since the pool was made.
set -euo pipefail
stack=${1:?give the stack}
export PATH="$PWD/.venv/bin:$PATH"
source "$(dirname "$0")/backend.sh"

pulumi preview --stack "$stack" --refresh --expect-no-changes --diff --color never || exit 1
