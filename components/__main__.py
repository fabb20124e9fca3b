"""The program that `PulumiPlugin.yaml` starts: it serves the components to Pulumi's engine, for any language."""

import sys

from pulumi.provider import main
from shoal.components.plugin import Package

if __name__ == "__main__":
    main(Package(), sys.argv[1:])
