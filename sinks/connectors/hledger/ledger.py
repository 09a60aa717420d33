"""The connector of hledger: `KIND`. What it does is in `sinks.connectors.plain_files`, what it says in `rendering`."""

from sinks.connectors.hledger.rendering import Hledger
from sinks.connectors.plain_files.ledger import plain_files_kind

KIND = plain_files_kind(Hledger())
