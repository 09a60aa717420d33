"""The memory limit of a process: beyond it an allocation fails in this process, before the machine suffers."""

import resource

from asiento.runtime.settings import Settings, SettingsError


def limit_memory(settings: Settings) -> None:
    """Bound the address space of this process by `memory_bytes_max`, if it is set. Raises `SettingsError` if the system refuses."""
    if settings.memory_bytes_max is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (settings.memory_bytes_max, hard))
    except (ValueError, OSError) as error:
        raise SettingsError(
            f"ASIENTO_MEMORY_BYTES_MAX: {settings.memory_bytes_max} is beyond the hard limit of this process ({hard} bytes): {error}"
        ) from None
