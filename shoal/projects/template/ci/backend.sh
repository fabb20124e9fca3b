# shellcheck shell=bash
# Read by the scripts that ask `pulumi`: it would only say that it is not logged in.
if [ -z "${PULUMI_BACKEND_URL:-}${PULUMI_ACCESS_TOKEN:-}" ]; then
  echo "PULUMI_BACKEND_URL is not set; give it the address of the stacks' state, as docs/gitops.md tells" >&2
  exit 2
fi
