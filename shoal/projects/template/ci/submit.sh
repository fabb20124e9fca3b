#!/usr/bin/env bash
# Submits the jobs that a stack's configuration lists; what is there already is not submitted again.
set -euo pipefail
stack=${1:?give the stack}
export PATH="$PWD/.venv/bin:$PATH"

shoal submit --listed --stack "$stack"
