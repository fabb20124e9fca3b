import com.microsoft.azure.batch.BatchClient;
import com.microsoft.azure.batch.auth.BatchSharedKeyCredentials;
import com.microsoft.azure.batch.protocol.models.BatchErrorException;
import com.microsoft.azure.batch.protocol.models.CloudTask;
import com.microsoft.azure.batch.protocol.models.ComputeNode;
import com.microsoft.azure.batch.protocol.models.ImageReference;
import com.microsoft.azure.batch.protocol.models.NodeFile;
import com.microsoft.azure.batch.protocol.models.PoolAddParameter;
import com.microsoft.azure.batch.protocol.models.PoolInformation;
import com.microsoft.azure.batch.protocol.models.TaskAddParameter;
import com.microsoft.azure.batch.protocol.models.TaskExecutionResult;
import com.microsoft.azure.batch.protocol.models.TaskState;
import com.microsoft.azure.batch.protocol.models.VirtualMachineConfiguration;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** A pool, a job and its tasks by com.microsoft.azure:azure-batch, from beginning to end: ENDPOINT ACCOUNT KEY. */
public class AzureBatchStory {
    public static void main(String[] arguments) throws Exception {
        run(BatchClient.open(new BatchSharedKeyCredentials(arguments[0], arguments[1], arguments[2])));
        // The client's threads would keep the process for a minute.
        System.exit(0);
    }

    static void run(BatchClient client) throws Exception {
        ImageReference image = new ImageReference()
            .withPublisher("canonical").withOffer("0001-com-ubuntu-server-jammy").withSku("22_04-lts")
            .withVersion("latest");
        VirtualMachineConfiguration machine = new VirtualMachineConfiguration()
            .withImageReference(image).withNodeAgentSKUId("batch.node.ubuntu 22.04");
        client.poolOperations().createPool(new PoolAddParameter()
            .withId("pool").withVmSize("standard_d2s_v3").withVirtualMachineConfiguration(machine)
            .withTargetDedicatedNodes(1));
        client.jobOperations().createJob("job", new PoolInformation().withPoolId("pool"));
        List<TaskAddParameter> tasks = new ArrayList<>();
        for (int number = 0; number < 3; number++) {
            tasks.add(new TaskAddParameter().withId("t" + number)
                .withCommandLine("/bin/sh -c 'echo " + number + " > out.txt; echo said'"));
        }
        client.taskOperations().createTasks("job", tasks);
        await(() -> client.taskOperations().listTasks("job").stream().allMatch(t -> t.state() == TaskState.COMPLETED));
        for (int number = 0; number < 3; number++) {
            CloudTask task = client.taskOperations().getTask("job", "t" + number);
            check(task.executionInfo().exitCode() == 0, "exit code of " + task.id());
            check(task.executionInfo().result() == TaskExecutionResult.SUCCESS, "result of " + task.id());
            check(names(client, task.id()).contains("wd/out.txt"), "files of " + task.id());
            check(content(client, task.id(), "wd/out.txt").equals(number + "\n"), "content of wd/out.txt");
            check(content(client, task.id(), "stdout.txt").equals("said\n"), "content of stdout.txt");
        }
        List<ComputeNode> nodes = client.computeNodeOperations().listComputeNodes("pool");
        check(nodes.size() == 1, "one node");
        check(client.jobOperations().getTaskCounts("job").succeeded() == 3, "counts of tasks");
        client.poolOperations().resizePool("pool", 0, 0);
        client.taskOperations().deleteTask("job", "t0");
        // Without a reason the client fails before it asks.
        client.jobOperations().terminateJob("job", "done");
        client.jobOperations().deleteJob("job");
        client.poolOperations().deletePool("pool");
        await(() -> isGone(() -> client.poolOperations().getPool("pool"), "PoolNotFound"));
        await(() -> isGone(() -> client.jobOperations().getJob("job"), "JobNotFound"));
    }

    static List<String> names(BatchClient client, String task) throws Exception {
        List<String> names = new ArrayList<>();
        for (NodeFile file : client.fileOperations().listFilesFromTask("job", task, true, null)) {
            names.add(file.name());
        }
        return names;
    }

    /** Returns what a file has. The client asks for its properties before, and reads them by their headers' names. */
    static String content(BatchClient client, String task, String name) throws Exception {
        long length = client.fileOperations().getFilePropertiesFromTask("job", task, name).contentLength();
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        client.fileOperations().getFileFromTask("job", task, name, stream);
        check(stream.size() == length, "length of " + name);
        return stream.toString();
    }

    static boolean isGone(Callable<?> get, String code) throws Exception {
        try {
            get.call();
            return false;
        } catch (BatchErrorException failure) {
            check(failure.body().code().equals(code), failure.body().code());
            return true;
        }
    }

    static void await(Callable<Boolean> reached) throws Exception {
        long end = System.currentTimeMillis() + 60_000;
        while (!reached.call()) {
            check(System.currentTimeMillis() < end, "not reached within a minute");
            Thread.sleep(100);
        }
    }

    static void check(boolean holds, String subject) {
        if (!holds) {
            throw new AssertionError(subject);
        }
    }
}
