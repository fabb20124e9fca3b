#!/usr/bin/env bash
# Deploys a stack as its configuration declares it; a second run changes nothing.
set -euo pipefail
stack=${1:?give the stack}
export PATH="$PWD/.venv/bin:$PATH"
source "$(dirname "$0")/backend.sh"

limits=(${POLICY_LIMITS:+--policy-pack-config "$POLICY_LIMITS"})
policies=()
if [ -f policy/PulumiPolicy.yaml ]; then
  policies=(--policy-pack policy "${limits[@]}")
fi
pulumi up --stack "$stack" --yes --skip-preview --color never "${policies[@]}"
