#!/usr/bin/env bash
# Deploys a pull request's own stack, pr-NUMBER, with the configuration of another stack but its own names.
set -euo pipefail
number=${1:?give the number of the pull request}
base=${2:?give the stack whose configuration to copy}
[[ $number =~ ^[0-9]+$ ]] || { echo "'$number' is not the number of a pull request" >&2; exit 2; }
stack="pr-$number"
export PATH="$PWD/.venv/bin:$PATH"
source "$(dirname "$0")/backend.sh"

[ -f "Pulumi.$base.yaml" ] || { echo "there is no Pulumi.$base.yaml to copy the configuration from" >&2; exit 2; }
cp "Pulumi.$base.yaml" "Pulumi.$stack.yaml"
stacks=$(pulumi stack ls --json)
grep -q "\"name\": \"$stack\"" <<<"$stacks" || pulumi stack init "$stack" --no-select
for name in resourceGroup batchAccount storageAccount; do
  pulumi config rm "$name" --stack "$stack"
done
"$(dirname "$0")/deploy.sh" "$stack"
