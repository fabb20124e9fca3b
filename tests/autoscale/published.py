"""Formulas that circulate, by the letters used in the tests, each reduced to what it computes.

Source: A to H "Create a formula to automatically scale compute nodes in a Batch pool" in its editions since 2016 (E
once with $ActiveTasks, later with $PendingTasks), I the REST reference; the others as each says.
"""

A = """
startingNumberOfVMs = 1;
maxNumberofVMs = 25;
sampled = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
tasks = sampled < 70 ? startingNumberOfVMs : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
$TargetDedicatedNodes = min(maxNumberofVMs, tasks);
$NodeDeallocationOption = taskcompletion;
"""

B = """
maxNumberofVMs = 25;
$TargetDedicatedNodes = min(maxNumberofVMs, $PreemptedNodeCount.GetSample(180 * TimeInterval_Second));
$TargetLowPriorityNodes = min(maxNumberofVMs, maxNumberofVMs - $TargetDedicatedNodes);
$NodeDeallocationOption = taskcompletion;
"""

C = """
$total = (min($CPUPercent.GetSample(TimeInterval_Minute * 10)) > 0.7)
    ? ($CurrentDedicatedNodes * 1.1) : $CurrentDedicatedNodes;
$total = (avg($CPUPercent.GetSample(TimeInterval_Minute * 60)) < 0.2) ? ($CurrentDedicatedNodes * 0.9) : $total;
$TargetDedicatedNodes = min(400, $total)
"""

D = """
$curTime = time();
$workHours = $curTime.hour >= 8 && $curTime.hour < 18;
$isWeekday = $curTime.weekday >= 1 && $curTime.weekday <= 5;
$isWorkingWeekdayHour = $workHours && $isWeekday;
$TargetDedicatedNodes = $isWorkingWeekdayHour ? 20 : 10;
"""

E_ACTIVE = """
$samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
$tasks = $samples < 70 ? max(0, $ActiveTasks.GetSample(1))
    : max($ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
$targetVMs = $tasks > 0 ? $tasks : max(0, $TargetDedicatedNodes / 2);
$TargetDedicatedNodes = max(0, min($targetVMs, 20));
$NodeDeallocationOption = taskcompletion;
"""

E = E_ACTIVE.replace("$ActiveTasks", "$PendingTasks")

F = """
$samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
$tasks = $samples < 70 ? max(0, $ActiveTasks.GetSample(1))
    : max($ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
$cores = $TargetDedicatedNodes * 4;
$extraVMs = (($tasks - $cores) + 3) / 4;
$targetVMs = ($TargetDedicatedNodes + $extraVMs);
$TargetDedicatedNodes = max(0, min($targetVMs, 3));
"""

G = """
$TargetDedicatedNodes = 4;
lifespan = time() - time("Thu, 13 Oct 2016 18:00:00 GMT");
span = TimeInterval_Minute * 60;
startup = TimeInterval_Minute * 10;
ratio = 50;
$TargetDedicatedNodes = (lifespan > startup ? (max($RunningTasks.GetSample(span, ratio),
    $ActiveTasks.GetSample(span, ratio)) == 0 ? 0 : $TargetDedicatedNodes) : 4);
"""

H = "$TargetDedicatedNodes = (time().weekday == 1 ? 5:1);"

I_REST = """totalNodes=($CPUPercent.GetSamplePercent(TimeInterval_Minute*0,TimeInterval_Minute*10)<0.7?5:
(min($CPUPercent.GetSample(TimeInterval_Minute*0, TimeInterval_Minute*10))>0.8?($CurrentDedicated*1.1)
:$CurrentDedicated));$targetDedicatedNodes=min(100,totalNodes);"""

# Source: Nextflow, AzBatchService.scaleFormula, with its defaults filled in, for a pool that it makes of Spot nodes.
NEXTFLOW = """
lifespan = time() - time("2024-06-23T02:19:08.272769Z");
interval = TimeInterval_Minute * 5;
$samples = $PendingTasks.GetSamplePercent(interval);
$tasks = $samples < 70 ? max(0, $PendingTasks.GetSample(1))
    : max($PendingTasks.GetSample(1), avg($PendingTasks.GetSample(interval)));
$targetVMs = $tasks > 0 ? $tasks : max(0, $TargetDedicatedNodes / 2);
targetPoolSize = max(0, min($targetVMs, 10));
$TargetLowPriorityNodes = lifespan < interval ? 1 : targetPoolSize;
$NodeDeallocationOption = taskcompletion;
"""

# Source: CDCgov/cfa-cloudops, remaining_task_autoscale_formula, with its defaults filled in.
CFA_CLOUDOPS = """
$tasks = max(0, $PendingTasks.GetSample(1));
$targetVMs = $tasks > 0 ? $tasks : 0;
cappedPoolSize = 10;
$TargetDedicatedNodes = max(0, min($targetVMs, cappedPoolSize));
$NodeDeallocationOption = taskcompletion;
"""

# Source: Azure/batch-shipyard, convoy/autoscale.py, scenario `weekend`: the test that is never true.
SHIPYARD_WEEKEND = """
maxTasksPerNode = 4;
minTargetDedicated = 0;
minTargetLowPriority = 0;
maxTargetDedicated = 0;
maxTargetLowPriority = 16;
now = time();
isPeakTime = now.weekday < 1 && now.weekday > 5;
$TargetDedicatedNodes = isPeakTime ? maxTargetDedicated : minTargetDedicated;
$TargetLowPriorityNodes = isPeakTime ? maxTargetLowPriority : minTargetLowPriority;
$NodeDeallocationOption = taskcompletion;
"""

# Source: a question in Azure/Batch#40, reduced to one kind of tasks.
BATCH_40 = """
$limit = 1; $minimum = 0;
$active = $ActiveTasks.GetSample(1); $running = $RunningTasks.GetSample(1);
$wanted = max($active, 0) + max($running, 0);
$needed = $wanted >= 1;
$nodes = $wanted > $limit ? $limit : $wanted;
$TargetDedicated = $needed ? $nodes : $minimum;
"""

# Source: Azure/Batch#151: four tasks on nodes with two slots give 2.9, which is cut off to 2.
BATCH_151 = "$TargetDedicatedNodes = $PendingTasks / $TaskSlotsPerNode + 0.9"

# Source: oneuptime.com, "How to Write an Autoscale Formula for Azure Batch Pools", 2026, first command.
BLOG = "$TargetDedicatedNodes = max(0, $PendingTasks);"

ALL = {
    name: value
    for name, value in dict(globals()).items()
    if isinstance(value, str) and name.isupper() and not name.startswith("_")
}
