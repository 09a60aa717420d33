"""`python -m tests.mutation`: how many of a seeded sample of mutants of the core the fast tests kill, and which they do not.

`--planted`: the bugs of planted.toml instead, each of which must be caught.
"""

import argparse
import signal
import sys
import time
from collections import Counter

from tests.mutation.known import equivalent_reason, planted_bugs
from tests.mutation.mutants import Mutant, sample
from tests.mutation.trial import Change, Trials, Verdict


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=400, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--module", default="", help="only modules of the core whose path contains this")
    parser.add_argument("--jobs", type=int, default=2, help="how many trials beside each other")
    parser.add_argument("--planted", action="store_true", help="the planted bugs instead of a sample")
    return parser.parse_args()


def _run_planted(trials: Trials) -> bool:
    """Print which test caught each planted bug; True where all were."""
    bugs, caught = planted_bugs(), 0
    for place, verdict in trials.run(Change(bug.path, bug.source()) for bug in bugs):
        print(f"{verdict.result:<9} {bugs[place].name}: {verdict.test}", flush=True)
        caught += verdict.result == "killed"
    print(f"{caught} of {len(bugs)} planted bugs caught")
    return caught == len(bugs)


def _run_sample(trials: Trials, mutants: list[Mutant]) -> None:
    """Print survivors as they are found, then the figures."""
    verdicts: list[tuple[Mutant, Verdict]] = []
    for place, verdict in trials.run(Change(one.module, one.source) for one in mutants):
        verdicts.append((mutants[place], verdict))
        if verdict.result == "survived":
            print(f"\nsurvived: {mutants[place]}", flush=True)
    results = Counter(verdict.result for _, verdict in verdicts)
    print("\nof each operator: killed or timeout / all")
    for operator, count in sorted(Counter(mutant.operator for mutant, _ in verdicts).items()):
        found = sum(mutant.operator == operator and verdict.result != "survived" for mutant, verdict in verdicts)
        print(f"  {operator:<32} {found:>4} / {count}")
    print("\nwhat killed them")
    for test, count in Counter(verdict.test.split("::")[0] for _, verdict in verdicts if verdict.result == "killed").most_common():
        print(f"  {count:>4} {test}")
    found = results["killed"] + results["timeout"]
    print(f"\nkilled {results['killed']}, survived {results['survived']}, timeout {results['timeout']}: ", end="")
    print(f"{100 * found / max(1, len(verdicts)):.1f} % of {len(verdicts)} found")


def main() -> int:
    """Exit code 1 where a planted bug was not caught."""
    started, arguments = time.monotonic(), _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Trials(arguments.jobs) as trials:
        print(f"the core as it is: {trials.measure().cpu_seconds:.0f} s of CPU", flush=True)
        good = True
        if arguments.planted:
            good = _run_planted(trials)
        else:
            chosen = sample(arguments.sample, arguments.seed, arguments.module)
            mutants = [mutant for mutant in chosen if equivalent_reason(mutant) is None]
            print(
                f"{len(chosen)} mutants of seed {arguments.seed}, {len(chosen) - len(mutants)} of them known to be equivalent", flush=True
            )
            _run_sample(trials, mutants)
    print(f"{time.monotonic() - started:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
