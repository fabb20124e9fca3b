# shellcheck shell=bash
# Sourced by the scripts that call `pulumi`, whose own message would only be that it is not logged in.
if [ -z "${PULUMI_BACKEND_URL:-}${PULUMI_ACCESS_TOKEN:-}" ]; then
  echo "PULUMI_BACKEND_URL is not set; set it to the address of the stacks' state (see docs/gitops.md)" >&2
  exit 2
fi
