#!/bin/sh
# Makes what is missing of the secrets of docker-compose.yml, one file each, and leaves what is there.
# Containers read the files as another user than yours, so the folder keeps the other users of this machine out, not the files.
set -eu
folder="$(cd "$(dirname "$0")" && pwd)/secrets"
mkdir -p "$folder"
chmod 700 "$folder"
for name in postgres ledger_owner ledger_writer ledger_reader operations postings shopify_webhook shopify_token alert-page-token \
  alert-ticket-token; do
  if [ ! -s "$folder/$name" ]; then
    head -c 24 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_' > "$folder/$name"
    echo "made $folder/$name"
  fi
  chmod 444 "$folder/$name"
done
echo "those of shopify and alert are invented: put your shop's and your receivers' own there before the profiles sources and obs are of use"
