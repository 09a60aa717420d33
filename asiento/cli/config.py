"""`asiento config`: the settings in effect, where each comes from, and their schema."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from asiento.cli.output import print_json
from asiento.runtime.settings import ENVIRONMENT_PREFIX, Settings, load_settings, load_yaml

app = typer.Typer(no_args_is_help=True, help="Look at the settings.")

HIDDEN = "***"
_PASSWORD_IN_URL = re.compile(r"(://[^/@:]*:)[^/]*@")


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:
    """Show every setting with its value and origin: default, file or environment. Secrets are shown as ***."""
    settings = load_settings()
    config_file = os.environ.get("ASIENTO_CONFIG")
    in_file = set(load_yaml(Path(config_file))) if config_file else set()
    rows = {
        name: {"value": _shown(getattr(settings, name)), "origin": _origin(name, in_file), "variable": ENVIRONMENT_PREFIX + name.upper()}
        for name in sorted(Settings.model_fields)
    }
    if as_json:
        print_json(rows)
        return
    width = max(len(name) for name in rows)
    for name, row in rows.items():
        typer.echo(f"{name:{width}}  {'(unset)' if row['value'] is None else row['value']}  [{row['origin']}]")


@app.command()
def schema(
    as_json: Annotated[bool, typer.Option("--json", help="On one line; it is JSON in any case.")] = False,
) -> None:
    """Print the JSON Schema of the YAML file, for editors and checks."""
    document = Settings.model_json_schema()
    if as_json:
        print_json(document)
        return
    import orjson

    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, str):
        return _PASSWORD_IN_URL.sub(rf"\1{HIDDEN}@", value)
    return str(value) if isinstance(value, Path) else value


def _origin(name: str, in_file: set[str]) -> str:
    """Same precedence as `load_settings`: the environment wins over the file."""
    if any(variable.upper() == ENVIRONMENT_PREFIX + name.upper() for variable in os.environ):
        return "environment"
    return "file" if name in in_file else "default"
