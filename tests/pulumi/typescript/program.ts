// A stack in TypeScript made of Shoal's components: node program.ts STACK PACKAGE_DIRECTORY POOL_ARGUMENTS
// Prints the outputs, what a second run would change, and nothing else. Deletes the stack again.
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";

// What `pulumi package add` generates of each component.
class ApplicationPackage extends pulumi.ComponentResource {
    declare readonly applicationId: pulumi.Output<string>;
    declare readonly version: pulumi.Output<string>;
    constructor(name: string, args: pulumi.Inputs, opts?: pulumi.ComponentResourceOptions) {
        super("shoal:index:ApplicationPackage", name, { applicationId: undefined, version: undefined, ...args }, opts, true);
    }
}

class SpotPool extends pulumi.ComponentResource {
    declare readonly poolName: pulumi.Output<string>;
    constructor(name: string, args: pulumi.Inputs, opts?: pulumi.ComponentResourceOptions) {
        super("shoal:index:SpotPool", name, { poolName: undefined, ...args }, opts, true);
    }
}

const [stackName, directory, poolArguments] = process.argv.slice(2);
const account = { resourceGroupName: "shoal", accountName: "shoal" };

async function program() {
    const app = new ApplicationPackage("app", { ...account, applicationName: stackName, directory });
    const pool = new SpotPool("pool", {
        ...account,
        poolName: stackName,
        vmSize: "standard_d2s_v3",
        image: "ubuntu-24.04",
        ...JSON.parse(poolArguments),
        packages: [{ applicationId: app.applicationId, version: app.version }],
    });
    return { pool: pool.poolName, version: app.version };
}

const stack = await LocalWorkspace.createOrSelectStack({ stackName, projectName: "typescript", program }, { workDir: "." });
try {
    const first = await stack.up();
    const second = await stack.up();
    console.log(JSON.stringify({ outputs: first.outputs, again: second.summary.resourceChanges }));
} finally {
    await stack.destroy();
}
