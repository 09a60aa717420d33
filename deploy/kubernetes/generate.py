"""Writes the manifests that follow from tables: `python -m deploy.kubernetes.generate`, `--check` to compare only (exit 1: not current)."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.kubernetes import monitoring, strimzi
from deploy.kubernetes.processes import PROCESSES, TASKS, USERS
from deploy.kubernetes.workloads import Object, desk, objects_of, task_object

HOME: Final = Path(__file__).resolve().parent
HEADER: Final = "# Made by `python -m deploy.kubernetes.generate`: change what it is made from, or patch it in an overlay.\n"


class _Plain(yaml.SafeDumper):
    """Every value spelled out where it stands."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - of the library
        return True


def files() -> dict[Path, str]:
    """Place -> content of every generated file."""
    found: dict[str, Iterable[Object]] = {f"{process.folder}/{process.name}.yaml": objects_of(process) for process in PROCESSES}
    found |= {f"{task.folder}/{task.name}.yaml": [task_object(task)] for task in TASKS}
    found |= {f"components/strimzi/credentials/{component}.yaml": [strimzi.credentials(component)] for component in USERS}
    found |= {
        "components/desk/desk.yaml": [desk()],
        "components/strimzi/topics.yaml": strimzi.topics(),
        "components/strimzi/users.yaml": strimzi.users(),
        "components/strimzi/kustomization.yaml": [strimzi.kustomization()],
        "components/monitoring/pod-monitor.yaml": [monitoring.pod_monitor()],
        "components/monitoring/prometheus-rule.yaml": [monitoring.prometheus_rule()],
    }
    return {HOME / name: HEADER + _spelled(objects) for name, objects in found.items()}


def _spelled(objects: Iterable[Object]) -> str:
    return "---\n".join(yaml.dump(one, Dumper=_Plain, sort_keys=False, width=140, allow_unicode=True) for one in objects)


def stale() -> list[Path]:
    """The files that are not as they would be written now."""
    return [path for path, content in files().items() if not path.is_file() or path.read_text(encoding="utf-8") != content]


def main(words: list[str] | None = None) -> int:
    """Write, or with `--check` only name what is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args(words).check:
        found = stale()
        for path in found:
            sys.stderr.write(f"{path.relative_to(HOME)} is not current: python -m deploy.kubernetes.generate\n")
        return 1 if found else 0
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
