import os
import subprocess
import sys

import dagster as dg

from sync_assets.pipeline import tags
from sync_assets.pipeline.orphans import claim, end_orphans
from sync_assets.pipeline.outcome import record_outcome
from sync_assets_tests.pipeline.conftest import Pipeline


def status(pipeline: Pipeline, run_id: str) -> dg.DagsterRunStatus:
    run = pipeline.instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_run_is_ended_when_its_process_is_gone_and_counted(pipeline: Pipeline):
    source = pipeline.register()
    run_id = pipeline.pretend_running("team", {tags.SOURCE: source.source_id}).run_id
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        claim(pipeline.instance, run_id, process.pid)
        end_orphans(pipeline.instance)
        assert status(pipeline, run_id) == dg.DagsterRunStatus.STARTED
        process.kill()

    end_orphans(pipeline.instance)
    record_outcome(pipeline.stores, pipeline.instance, run_id)

    assert status(pipeline, run_id) == dg.DagsterRunStatus.FAILURE
    last_error = pipeline.stores.registry.get(source.source_id).last_error
    assert last_error == "The run's process ended unexpectedly"


def test_a_process_number_used_again_does_not_pass_for_the_dead_one(pipeline: Pipeline):
    run_id = pipeline.pretend_running("team").run_id
    claim(pipeline.instance, run_id)
    run = pipeline.instance.get_run_by_id(run_id)
    assert run is not None
    earlier = run.tags[tags.PROCESS].rpartition("#")[0] + "#1"
    pipeline.instance.add_run_tags(run_id, {tags.PROCESS: earlier})

    end_orphans(pipeline.instance)

    assert status(pipeline, run_id) == dg.DagsterRunStatus.FAILURE


def test_runs_of_living_processes_other_hosts_and_no_mark_are_left_alone(pipeline: Pipeline):
    living = pipeline.pretend_running("one").run_id
    claim(pipeline.instance, living)
    unmarked = pipeline.pretend_running("two").run_id
    elsewhere = pipeline.pretend_running("three").run_id
    mark = {tags.PROCESS: f"{elsewhere}@another-host/{os.getpid()}#1"}
    pipeline.instance.add_run_tags(elsewhere, mark)

    end_orphans(pipeline.instance)

    for run_id in (living, unmarked, elsewhere):
        assert status(pipeline, run_id) == dg.DagsterRunStatus.STARTED


def test_a_queued_retry_is_not_ended_for_the_mark_it_inherited(pipeline: Pipeline):
    first = pipeline.pretend_running("team").run_id
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        claim(pipeline.instance, first, process.pid)
    crashed = pipeline.instance.get_run_by_id(first)
    assert crashed is not None
    retry = pipeline.pretend_running("team", {tags.PROCESS: crashed.tags[tags.PROCESS]}).run_id

    end_orphans(pipeline.instance)

    assert status(pipeline, first) == dg.DagsterRunStatus.FAILURE
    assert status(pipeline, retry) == dg.DagsterRunStatus.STARTED
