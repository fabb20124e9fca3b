#!/usr/bin/env bash
# Deletes a pull request's own stack with all its resources; does nothing where there is none.
set -euo pipefail
number=${1:?give the number of the pull request}
[[ $number =~ ^[0-9]+$ ]] || { echo "'$number' is not the number of a pull request" >&2; exit 2; }
stack="pr-$number"
export PATH="$PWD/.venv/bin:$PATH"
source "$(dirname "$0")/backend.sh"

stacks=$(pulumi stack ls --json)
if ! grep -q "\"name\": \"$stack\"" <<<"$stacks"; then
  echo "there is no stack $stack"
  exit
fi
pulumi destroy --stack "$stack" --yes --skip-preview --color never
pulumi stack rm "$stack" --yes
