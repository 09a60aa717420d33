"""The connector of beancount: `KIND`. What it does is in `sinks.connectors.plain_files`, what it says in `rendering`."""

from sinks.connectors.beancount.rendering import Beancount
from sinks.connectors.plain_files.ledger import plain_files_kind

KIND = plain_files_kind(Beancount())
