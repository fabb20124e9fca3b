#!/usr/bin/env bash
# Writes comment.md: what a merge would do to a stack, by preview, policies and simulator.
# Ends with 1 where the preview fails or a policy forbids it; comment.md says so then.
set -euo pipefail
stack=${1:?give the stack}
export PATH="$PWD/.venv/bin:$PATH"
source "$(dirname "$0")/backend.sh"

failed=0
sections=()
if [ -f policy/PulumiPolicy.yaml ]; then
  limits=(${POLICY_LIMITS:+--policy-pack-config "$POLICY_LIMITS"})
  told=$(pulumi preview --stack "$stack" --policy-pack policy "${limits[@]}" --color never 2>&1) || failed=1
  echo "$told"
  policies=$(mktemp)
  sed -n '/^Policies:/,/^[A-Z][a-z]*:$/{/^[A-Z][a-z]*:$/d;p}' <<<"$told" >"$policies"
  [ -s "$policies" ] || tail -n 20 <<<"$told" >"$policies" # it did not come so far
  sections=(--section "Policies=$policies")
fi
shoal comment --stack "$stack" "${sections[@]}" >comment.md || failed=1
exit "$failed"
