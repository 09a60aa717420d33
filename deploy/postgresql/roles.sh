#!/bin/sh
# Runs roles.sql as the superuser, by the entry point of the image postgres at its first start. Passwords come on standard input, so that
# no command line has them.
set -eu
secrets="${SECRETS_FOLDER:-/run/secrets}"
{
  for name in ledger_owner ledger_writer ledger_reader operations postings; do
    printf '\\set %s `cat %s/%s`\n' "$name" "$secrets" "$name"
  done
  cat "${ROLES_FILE:-/etc/asiento/roles.sql}"
} | psql --no-psqlrc --quiet --username "${POSTGRES_USER:-postgres}" --dbname postgres
