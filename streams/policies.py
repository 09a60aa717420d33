"""The policy file of a process: read, checked, and told to the log."""

from pathlib import Path

from asiento.accounting.build import CORE_BUILD
from asiento.accounting.policy import DEFAULT_POLICIES, PolicyBook
from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.yaml_files import read_yaml
from schemas.policy_digest import policy_values
from schemas.policy_file import InvalidPolicy, policies_from_mapping


def load_policies(path: Path | None) -> PolicyBook:
    """The policies of a file; without one version 1 with its defaults.

    Raises `SettingsError` where there is no such file, `RefusedFile` with all faults and their places where it cannot be used.
    """
    if path is None:
        return DEFAULT_POLICIES
    file = read_yaml(path)
    try:
        policies = policies_from_mapping(file.values)
    except InvalidPolicy as problem:
        raise file.refusal(problem.faults) from None
    if file.faults:
        raise file.refusal()
    return policies


def log_policies(path: Path | None, policies: PolicyBook) -> None:
    """One line with number, start and digest of each version, and which build of the core books by them.

    A version whose digest changes was edited.
    """
    versions = [policy_values(since, policy) for since, policy in policies.versions]
    shown = [{name: values.get(name) for name in ("version", "in_force_from", "digest")} for values in versions]
    get_logger().info(log_events.POLICY_LOADED, file=str(path) if path else None, versions=shown, core=CORE_BUILD)
