#!/usr/bin/env bash
# Exits with 1 where a stack differs from its last deployment, or that deployment from what the branch declares.
# Only looks: neither the state nor the stack changes.
set -euo pipefail
stack=${1:?give the stack}
export PATH="$PWD/.venv/bin:$PATH"
source "$(dirname "$0")/backend.sh"

drifted=0
echo "Changes made outside the stack:"
pulumi refresh --stack "$stack" --preview-only --expect-no-changes --diff --color never || drifted=1
echo "Changes declared but not deployed:"
pulumi preview --stack "$stack" --expect-no-changes --diff --color never || drifted=1
exit "$drifted"
