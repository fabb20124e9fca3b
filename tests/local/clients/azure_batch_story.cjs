// A pool, a job and its tasks by the npm package @azure/batch, from beginning to end: ENDPOINT ACCOUNT KEY.
// Runs in a folder where the package is installed.
"use strict";

const assert = require("node:assert");
const { createRequire } = require("node:module");

const { BatchServiceClient, BatchSharedKeyCredentials } = createRequire(`${process.cwd()}/`)("@azure/batch");

async function main(endpoint, account, key) {
  const client = new BatchServiceClient(new BatchSharedKeyCredentials(account, key), endpoint);
  await client.pool.add({
    id: "pool",
    vmSize: "standard_d2s_v3",
    targetDedicatedNodes: 1,
    virtualMachineConfiguration: {
      imageReference: { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts" },
      nodeAgentSKUId: "batch.node.ubuntu 22.04",
    },
  });
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
  const tasks = [0, 1, 2].map((number) => ({ id: `t${number}`, commandLine: `/bin/sh -c 'echo ${number} > out.txt'` }));
  const added = await client.task.addCollection("job", tasks);
  assert.deepStrictEqual(added.value.map((result) => result.status.toLowerCase()), ["success", "success", "success"]);
  await reached(async () => (await client.task.list("job")).every((task) => task.state === "completed"));
  for (const number of [0, 1, 2]) {
    const task = await client.task.get("job", `t${number}`);
    assert.strictEqual(task.executionInfo.exitCode, 0);
    const files = await client.file.listFromTask("job", task.id, { recursive: true });
    assert.ok(files.some((file) => file.name === "wd/out.txt"), JSON.stringify(files));
    const file = await client.file.getFromTask("job", task.id, "wd/out.txt");
    assert.strictEqual(await text(file.readableStreamBody), `${number}\n`);
  }
  await client.task.deleteMethod("job", "t0");
  await client.job.terminate("job");
  await client.job.deleteMethod("job");
  await client.pool.deleteMethod("pool");
  await reached(() => isGone(client.pool.get("pool")));
  await reached(() => isGone(client.job.get("job")));
}

async function text(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

const isGone = (answer) => answer.then(() => false, (error) => error.statusCode === 404);

async function reached(look) {
  const end = Date.now() + 60_000;
  while (!(await look())) {
    assert.ok(Date.now() < end, "not reached within a minute");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
