#!/usr/bin/env bash
# Installs everything that the project pins into .venv, and the pulumi command where the machine has none.
set -euo pipefail
version=3.259.0

make setup
if ! command -v pulumi >/dev/null; then
  curl -fsSL https://get.pulumi.com | sh -s -- --version "$version"
  echo "##vso[task.prependpath]$HOME/.pulumi/bin" # for Azure Pipelines; GitHub's workflows use Pulumi's action
fi
