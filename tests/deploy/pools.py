"""Pools of a stack that have all that pools may have, but for what needs a network or encryption."""

import re

from tests.arm import SUBNET, make_subnet
from tests.deploy.stacks import Stack

FULL = f"""\
  shoal:pools:
    - name: spot
      vmSize: standard_d2s_v3
      image: ubuntu-24.04
      imageVersion: 24.04.202605010
      taskSlotsPerNode: 4
      memoryGibPerSlot: 2
      taskFill: spread
      interNodeCommunication: true
      maxSpotNodes: 3
      mounts:
        - {{container: inputs, mountPath: inputs}}
        - {{nfsSource: "files.internal:/shared", mountPath: shared, readOnly: false, options: -o vers=4}}
      userAccounts: [{{name: me, password: hunter2, elevated: true, uid: 1500, gid: 1500}}]
      subnetId: {SUBNET}
      publicIp: false
      acceleratedNetworking: true
      upgradePolicy: {{mode: rolling, maxBatchInstancePercent: 20, pauseTimeBetweenBatches: PT5M}}
      tags: {{team: risk}}
      metadata: {{owner: me}}
      packages: [var]
    - name: own
      vmSize: standard_e16ds_v5
      imageId: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/own/images/model/versions/1.0.0
      nodeAgentSkuId: batch.node.el 9
      dedicatedNodes: 1
      ephemeralOsDisk: true
      startTask:
        commandLine: sh -c 'test "$LEVEL" = 3'
        environment: {{LEVEL: "3"}}
        resourceFiles: [{{container: inputs, prefix: setup/, filePath: .}}]
        maxRetryCount: 2
"""


def configure_pools(stack: Stack, pools: str) -> None:
    """Instead of those that the stack's file has."""
    make_subnet(stack.project.status)
    text = stack.file.read_text()
    stack.file.write_text(re.sub(r"  shoal:pools:\n(    .*\n)+", lambda _: pools, text))
