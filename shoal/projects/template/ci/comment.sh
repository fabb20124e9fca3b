#!/usr/bin/env bash
# Writes comment.md: the effect of a merge on a stack, from the preview, the policies and the simulator.
# Exits with 1 where the preview fails or a policy forbids the change; comment.md then gives the reason.
set -euo pipefail
stack=${1:?give the stack}
export PATH="$PWD/.venv/bin:$PATH"
source "$(dirname "$0")/backend.sh"

failed=0
sections=()
if [ -f policy/PulumiPolicy.yaml ]; then
  limits=(${POLICY_LIMITS:+--policy-pack-config "$POLICY_LIMITS"})
  output=$(pulumi preview --stack "$stack" --policy-pack policy "${limits[@]}" --color never 2>&1) || failed=1
  echo "$output"
  policies=$(mktemp)
  sed -n '/^Policies:/,/^[A-Z][a-z]*:$/{/^[A-Z][a-z]*:$/d;p}' <<<"$output" >"$policies"
  [ -s "$policies" ] || tail -n 20 <<<"$output" >"$policies" # it failed before the policies
  sections=(--section "Policies=$policies")
fi
shoal comment --stack "$stack" "${sections[@]}" >comment.md || failed=1
exit "$failed"
