"""Draw the screen of `shoal plan` for its page: plan_screens.py DIRECTORY

The job is the template `sweep`, and its pool is made up, so that the same code gives the same pictures.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from terminal_picture import terminal_picture

from components.pool.pool_scaling import following_formula
from shoal.cli.plan_screen import screen_lines
from shoal.environment import Pool
from shoal.forecast.prices import APPROXIMATE
from shoal.jobs.binding.bound_job import BoundJob, bind
from shoal.jobs.file.job_file import read_job_file
from shoal.jobs.preflight.file_check import NOWHERE
from shoal.jobs.preflight.job_forecast import JobForecast, expected_durations, job_forecast
from shoal.jobs.preflight.service_facts import PoolFacts, Quotas, ServiceFacts
from shoal.jobs.submit.plan import Plan, make_plan

JOB_FILE = Path(__file__).parents[1] / "task_templates" / "sweep.yaml"
WIDTHS = (80, 120)
ENVIRONMENT = replace(
    NOWHERE, stack="prod", pools={"spot": Pool(id="spot", vm_size="standard_d4s_v5", task_slots_per_node=4)}
)
FACTS = ServiceFacts(
    pool=PoolFacts(
        vm_size="standard_d4s_v5",
        task_slots_per_node=4,
        formula=following_formula({"max_spot_nodes": 20, "task_slots_per_node": 4}),
    ),
    packages={},
    quotas=Quotas(dedicated_cores=100, spot_cores=100, active_jobs=300),
)
EXPECTED = {"estimate": timedelta(minutes=4), "merge": timedelta(seconds=20)}


def main() -> None:
    for width in WIDTHS:
        (Path(sys.argv[1]) / f"plan-{width}.svg").write_text(picture(width), encoding="utf-8")


def picture(width: int) -> str:
    lines = screen_lines(*planned(), width)
    return terminal_picture(
        "shoal plan task_templates/sweep.yaml -p repetitions=100", list(lines), width, f"plan-{width}"
    )


def planned() -> tuple[BoundJob, Plan, dict[str, int], JobForecast]:
    """Return what the screen shows: the job, its plan, the tasks that it would skip, and its forecast."""
    job = bind(read_job_file(JOB_FILE, given={"repetitions": 100}, run="0a1b2c"), ENVIRONMENT)
    plan = make_plan(job)
    return job, plan, {}, job_forecast(job, plan, FACTS, expected_durations(job, EXPECTED), APPROXIMATE, None)


if __name__ == "__main__":
    main()
