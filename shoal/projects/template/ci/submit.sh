#!/usr/bin/env bash
# Submits the jobs listed in a stack's configuration; tasks that exist already are not submitted again.
set -euo pipefail
stack=${1:?give the stack}
export PATH="$PWD/.venv/bin:$PATH"

shoal submit --listed --stack "$stack"
