"""A real Tryton for the tests that ask for it: a server process of its own, in an environment of its own, on the tests' PostgreSQL.

Tryton is licensed under the GPL and never comes into our environment: it is installed from `requirements-tryton.lock` into
`.local/tryton/`, and spoken to over HTTP. The books are made once (half a minute of CPU), kept there as a dump under a name made of
everything that they are made of, and copied for those who ask.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg

from asiento.runtime.ports import free_ports
from tests.postgresql import PostgresqlServer, binaries
from tests.tryton_chart import wishes

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements-tryton.lock"
BOOKS_SCRIPT: Final = ROOT / "tests" / "tryton_books.py"
STORE: Final = ROOT / ".local" / "tryton"
TEMPLATE: Final = "tryton_template"
START_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 20.0
POLL_SECONDS: Final = 0.05
_EMPTIED: Final = "account_move, account_move_line, account_invoice, account_move_reconciliation"


@dataclass(frozen=True, slots=True)
class TrytonKeys:
    """REST keys: of a user with the rights of accounting, and of one without."""

    accountant: str
    stranger: str


def environment() -> Path:
    """The folder of Tryton's programs; installs them on the first call. Raises CalledProcessError where that cannot be done."""
    folder = STORE / f"environment-{_digest(LOCK.read_bytes(), sys.version.encode())}"
    with _alone():
        if not (folder / ".ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            uv = str(Path(sys.executable).parent / "uv")
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
            command = [uv, "pip", "install", "--quiet", "--python", str(folder), "--require-hashes", "-r", str(LOCK)]
            subprocess.run(command, check=True)
            (folder / ".ready").touch()
    return folder / "bin"


class TrytonServer:
    """One Tryton on one PostgreSQL; each of its databases holds the same new books."""

    def __init__(self, postgresql: PostgresqlServer) -> None:
        self._postgresql = postgresql
        self._programs = environment()
        self._folder = Path(tempfile.mkdtemp(prefix="asiento-tryton-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_ports(1)[0]
        self.keys = TrytonKeys("", "")

    def start(self) -> None:
        """Have the books, then serve them."""
        self._configuration.write_text(
            f"[database]\nuri = postgresql://postgres@127.0.0.1:{self._postgresql.port}\nminconn = 0\n"
            f"[web]\nlisten = 127.0.0.1:{self.port}\n"
            "[session]\ntimeout = 0\n"  # it is also how long the list of databases is remembered
            "[queue]\nworker = True\n",  # printed forms are for a worker process, as they should be in production
            encoding="utf-8",
        )
        self._have_template()
        self.come_back()

    def come_back(self) -> None:
        """Start the server process and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "trytond"), "-c", str(self._configuration)], stdout=log, stderr=log, cwd=self._folder
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """kill -9 of the server process; `come_back` starts it again."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_SECONDS_MAX)

    def stop(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def process_id(self) -> int:
        """Of the server process."""
        assert self._process is not None
        return self._process.pid

    @contextmanager
    def books(self) -> Iterator["TrytonBooks"]:
        """A database with new books."""
        name = f"tryton_{uuid4().hex[:10]}"
        with self._admin() as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}".encode())
        try:
            yield TrytonBooks(f"http://127.0.0.1:{self.port}/{name}", self._postgresql.url(name), self.keys)
        finally:
            with self._admin() as admin:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self._postgresql.url("postgres"), autocommit=True)

    def _have_template(self) -> None:
        with self._admin() as admin:
            have = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
            version = str(admin.info.server_version // 10_000)
        told = json.dumps(wishes())
        made_of = _digest(LOCK.read_bytes(), BOOKS_SCRIPT.read_bytes(), told.encode(), version.encode(), sys.version.encode())
        dump, keys = STORE / f"books-{made_of}.dump", STORE / f"books-{made_of}.json"
        with _alone():
            if not dump.exists() or not keys.exists():
                self._make(told, dump, keys)
            elif have is None:
                self._postgresql.new_database(TEMPLATE)
                self._run(["--no-owner", "--exit-on-error", "-d", TEMPLATE, str(dump)], "pg_restore")
        self.keys = TrytonKeys(**json.loads(keys.read_text(encoding="utf-8")))
        with self._admin() as admin:
            admin.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true".encode())

    def _make(self, told: str, dump: Path, keys: Path) -> None:
        self._postgresql.new_database(TEMPLATE)
        password = self._folder / "password"
        password.write_text(f"{uuid4().hex}\n", encoding="utf-8")
        modules = ["-u", "ir", "res", "account_invoice", "--activate-dependencies"]
        command = [str(self._programs / "trytond-admin"), "-c", str(self._configuration), "-d", TEMPLATE, *modules]
        environ = {**os.environ, "TRYTONPASSFILE": str(password)}
        subprocess.run([*command, "--email", "admin@example.com"], check=True, env=environ, cwd=self._folder)
        command = [str(self._programs / "python"), str(BOOKS_SCRIPT), str(self._configuration), TEMPLATE]
        made = subprocess.run(command, check=True, input=told.encode(), stdout=subprocess.PIPE, cwd=self._folder).stdout
        part = dump.with_suffix(".part")
        self._run(["-Fc", "-f", str(part), TEMPLATE], "pg_dump")
        keys.write_bytes(made)
        part.replace(dump)

    def _run(self, words: list[str], program: str) -> None:
        folder = binaries()
        assert folder is not None
        at = ["-h", "127.0.0.1", "-p", str(self._postgresql.port), "-U", "postgres"]
        subprocess.run([str(folder / program), *at, *words], check=True)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    @property
    def _configuration(self) -> Path:
        return self._folder / "trytond.conf"

    @property
    def _log(self) -> Path:
        return self._folder / "trytond.log"


@dataclass(frozen=True, slots=True)
class TrytonBooks:
    """One database of a Tryton: `base_url` for the connector, `database_url` to look at what it keeps by other means."""

    base_url: str
    database_url: str
    keys: TrytonKeys

    def empty(self) -> None:
        """Take out all that was booked."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {_EMPTIED} CASCADE".encode())

    def change(self, statement: str, *values: object) -> None:
        """Change what Tryton keeps, as somebody who does not ask it."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement.encode(), list(values))

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """The answer to a query."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(query.encode(), list(values)).fetchall()

    def balances(self) -> dict[str, str]:
        """Account code -> posted debits less credits, as the database adds them up, without what is 0."""
        found = self.rows(
            "SELECT account.code, sum(line.debit - line.credit)::text FROM account_move_line line"
            " JOIN account_move move ON move.id = line.move JOIN account_account account ON account.id = line.account"
            " WHERE move.state = 'posted' GROUP BY account.code HAVING sum(line.debit - line.credit) <> 0"
        )
        return {str(code): str(amount) for code, amount in found}


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time; the others wait for what it makes."""
    STORE.mkdir(parents=True, exist_ok=True)
    with (STORE / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:16]
