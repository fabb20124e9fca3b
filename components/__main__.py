"""What `PulumiPlugin.yaml` starts: the components for Pulumi's engine, whatever language the program is in."""

import sys

from pulumi.provider import main

from components.package import Package

if __name__ == "__main__":
    main(Package(), sys.argv[1:])
