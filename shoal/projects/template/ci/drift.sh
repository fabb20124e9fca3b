#!/usr/bin/env bash
# Ends with 1 where a stack is not what was deployed, or what was deployed is not what the branch declares.
# Looks only: neither the state nor the stack changes.
set -euo pipefail
stack=${1:?give the stack}
export PATH="$PWD/.venv/bin:$PATH"
source "$(dirname "$0")/backend.sh"

drifted=0
echo "What somebody changed behind the stack's back:"
pulumi refresh --stack "$stack" --preview-only --expect-no-changes --diff --color never || drifted=1
echo "What is declared and not deployed:"
pulumi preview --stack "$stack" --expect-no-changes --diff --color never || drifted=1
exit "$drifted"
