"""The program that `PulumiPlugin.yaml` starts: it serves the components to Pulumi's engine, for any language."""

import sys

from pulumi.provider import main
from shoal.components.plugin import ComponentPackage

if __name__ == "__main__":
    main(ComponentPackage(), sys.argv[1:])
