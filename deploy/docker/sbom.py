"""What the environment that runs this holds, as a CycloneDX document on standard output; needs nothing but the standard library."""

import json
import sys
from importlib.metadata import Distribution, distributions
from typing import Any


def component(found: Distribution) -> dict[str, Any]:
    """One package: name, version, package URL, and its licence in the package's own words where it states one."""
    about_it = found.metadata.json
    name, version = str(about_it["name"]), found.version
    said = str(about_it.get("license_expression") or about_it.get("license") or "")
    licence = said.strip().partition("\n")[0]
    url = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    about = {"type": "library", "name": name, "version": version, "purl": url, "bom-ref": url}
    return about | ({"licenses": [{"license": {"name": licence}}]} if licence else {})


def document() -> dict[str, Any]:
    """The whole, ordered by name, so that the same environment gives the same bytes."""
    components = sorted((component(found) for found in distributions()), key=lambda one: str(one["purl"]))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
