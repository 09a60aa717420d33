"""Runs the small job as one process until SIGTERM. Topics must exist with equal partition counts."""

import argparse

from asiento.runtime.logging import configure_logging
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import load_settings
from bench.small_job.processor import CODECS, SmallJob
from streams.engine.job import Job
from streams.engine.runner import run_worker


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m bench.small_job", description=__doc__)
    parser.add_argument("--bootstrap-servers", required=True, help="host:port of the broker, on loopback")
    parser.add_argument("--input", required=True, help="topic of the events")
    parser.add_argument("--output", required=True, help="topic of the entries")
    parser.add_argument("--changelog", required=True, help="compacted topic of the states")
    parser.add_argument("--app-id", required=True, help="application id: group and start of the transactional ids")
    parser.add_argument("--partitions", type=int, default=8, help="partitions of all three topics")
    parser.add_argument("--codec", choices=sorted(CODECS), default="generated", help="what reads events and writes entries")
    arguments = parser.parse_args()
    settings = load_settings({"kafka_bootstrap_servers": arguments.bootstrap_servers, "partitions": arguments.partitions})
    configure_logging(settings, "small-job")
    job = Job(
        id=arguments.app_id,
        table="orders",
        source_topic=arguments.input,
        changelog_topic=arguments.changelog,
        output_topics=(arguments.output,),
        processor=SmallJob(arguments.output, CODECS[arguments.codec]),
    )
    run_worker(settings, job, Metrics())


if __name__ == "__main__":
    main()
