"""`python -m tests.simulation --seed N`: play one world, or `--seeds` of them, and say what was found."""

import argparse
import sys
from contextlib import nullcontext

from tests.simulation.planted import PLANTED
from tests.simulation.world import run


def main() -> int:
    """Exit code 1 where a world ended badly."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="how many, from --seed on")
    parser.add_argument("--faults-max", type=int, help="let only the first faults of the seed happen")
    parser.add_argument("--planted", choices=sorted(PLANTED), help="put a delivery bug into the program")
    parser.add_argument("--trace", action="store_true", help="print the whole trace")
    options = parser.parse_args()
    bad = 0
    for seed in range(options.seed, options.seed + options.seeds):
        with PLANTED[options.planted]() if options.planted else nullcontext():
            report = run(seed, faults_max=options.faults_max)
        if options.trace:
            print("\n".join(report.trace))
        faults = " ".join(f"{kind}={count}" for kind, count in sorted(report.faults.items()))
        print(
            f"seed {seed}: {'BAD' if report.problems else 'good'}, {sum(report.faults.values())} faults, {report.records} records, "
            f"{report.virtual_seconds:.0f} s lived in {report.cpu_seconds:.2f} s of CPU, digest {report.digest[:16]} ({faults})"
        )
        if report.problems:
            bad += 1
            print(report.told())
    return 1 if bad else 0


sys.exit(main())
