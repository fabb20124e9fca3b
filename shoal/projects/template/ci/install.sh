#!/usr/bin/env bash
# Everything that the project pins, into .venv; and Pulumi's command where the machine has none.
set -euo pipefail
version=3.259.0

make setup
if ! command -v pulumi >/dev/null; then
  curl -fsSL https://get.pulumi.com | sh -s -- --version "$version"
  echo "##vso[task.prependpath]$HOME/.pulumi/bin" # Azure Pipelines; GitHub's workflows install it by its action
fi
