"""`asiento config`: the settings in effect and where each comes from, the accounting policy, the schemas of both files."""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from asiento.cli.exits import CommandError
from asiento.cli.output import print_json
from asiento.runtime.database_urls import HIDDEN, POSTGRESQL_PREFIX, masked
from asiento.runtime.settings import ENVIRONMENT_PREFIX, Settings, load_settings
from asiento.runtime.yaml_files import RefusedFile, load_yaml

app = typer.Typer(no_args_is_help=True, help="Look at the settings and the accounting policy.")

_PASSWORD_IN_URL = re.compile(r"(://[^/@:]*:)[^/]*@")


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:
    """Show every setting with its value and origin: default, file or environment. Secrets are shown as ***."""
    rows = settings_rows(load_settings())
    if as_json:
        print_json(rows)
        return
    width = max(len(name) for name in rows)
    for name, row in rows.items():
        typer.echo(f"{name:{width}}  {'(unset)' if row['value'] is None else row['value']}  [{row['origin']}]")


class SchemaOf(StrEnum):
    """The files that have a schema."""

    SETTINGS = "settings"
    POLICY = "policy"
    MAPPER = "mapper"


@app.command()
def schema(
    of: Annotated[SchemaOf, typer.Argument(help="Which file: the settings, the accounting policy or a mapper.")] = SchemaOf.SETTINGS,
    as_json: Annotated[bool, typer.Option("--json", help="On one line; it is JSON in any case.")] = False,
) -> None:
    """Print the JSON Schema of a YAML file, for editors and checks."""
    document = _schema_of(of)
    if as_json:
        print_json(document)
        return
    import orjson

    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _schema_of(of: SchemaOf) -> dict[str, Any]:
    match of:
        case SchemaOf.POLICY:
            from schemas.policy_json_schema import policy_json_schema

            return policy_json_schema()
        case SchemaOf.MAPPER:
            from sources.platforms.mapped.editor_schema import mapper_json_schema

            return mapper_json_schema()
        case SchemaOf.SETTINGS:
            return Settings.model_json_schema()


@app.command()
def policy(
    file: Annotated[Path | None, typer.Argument(help="The policy file; without it the one that ASIENTO_POLICY names.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, which is a policy file itself.")] = False,
) -> None:
    """Check the accounting policy and show all its versions, defaults filled in, each with the digest of its content.

    Exit 1 where the file cannot be used: every fault with its line, column and field.
    """
    from asiento.cli.policy_pages import policy_lines
    from schemas.policy_digest import policy_values
    from streams.policies import load_policies

    path = file or load_settings().policy
    try:
        policies = load_policies(path)
    except RefusedFile as refused:
        raise CommandError(f"the policy cannot be used\n{refused}") from None
    if as_json:
        print_json({"versions": [policy_values(since, version) for since, version in policies.versions]})
        return
    typer.echo(path or "no policy file is named: version 1 with its defaults")
    for line in policy_lines(policies):
        typer.echo(line)


def settings_rows(settings: Settings) -> dict[str, dict[str, Any]]:
    """Every setting: its value (secrets as `***`), where it comes from and its variable in the environment."""
    config_file = os.environ.get("ASIENTO_CONFIG")
    in_file = set(load_yaml(Path(config_file))) if config_file else set()
    return {
        name: {"value": _shown(getattr(settings, name)), "origin": _origin(name, in_file), "variable": ENVIRONMENT_PREFIX + name.upper()}
        for name in sorted(Settings.model_fields)
    }


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, str) and value.startswith(POSTGRESQL_PREFIX):
        return masked(value)
    if isinstance(value, str):
        return _PASSWORD_IN_URL.sub(rf"\1{HIDDEN}@", value)
    return str(value) if isinstance(value, Path) else value


def _origin(name: str, in_file: set[str]) -> str:
    """Same precedence as `load_settings`: the environment wins over the file."""
    if any(variable.upper() == ENVIRONMENT_PREFIX + name.upper() for variable in os.environ):
        return "environment"
    return "file" if name in in_file else "default"
