"""URLs of databases: what is let off loopback, what may stand on a command line, what is shown."""

from pathlib import Path
from typing import Any

import pytest

from asiento.runtime.database_safety import holds_password, require_verified
from asiento.runtime.database_urls import masked
from asiento.runtime.masked_text import mask_text
from asiento.runtime.settings import SettingsError, load_settings

SECRET = "Zx9canary"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///books.sqlite",
        "postgresql://127.0.0.1/books",
        "postgresql://user:pw@localhost:5432/books",
        "postgresql://[::1]:5432/books",
        "postgresql:///books",
        "postgresql:///books?host=/run/postgresql",
        "postgresql://%2Frun%2Fpostgresql/books",
        "postgresql://db.example/books?sslmode=verify-full&sslrootcert=ca.pem",
    ],
)
def test_a_database_that_is_near_or_verified_is_fine(url: str) -> None:
    require_verified(url, {})


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://db.example/books", "db.example"),
        ("postgresql://db.example/books?sslmode=require", "db.example"),
        ("postgresql://db.example/books?sslmode=verify-ca", "db.example"),
        ("postgresql://127.0.0.1,10.0.0.7:5433/books", "10.0.0.7"),
        ("postgresql://localhost/books?hostaddr=10.0.0.7", "10.0.0.7"),
        ("postgresql://localhost/books?host=db.example", "db.example"),
        ("postgresql://[2001:db8::1]:5432/books", "2001:db8::1"),
        ("postgresql://0.0.0.0/books", "0.0.0.0"),  # noqa: S104
        ("postgresql:///books?service=elsewhere", "service file"),
    ],
)
def test_a_database_off_loopback_needs_verify_full(url: str, host: str) -> None:
    with pytest.raises(ValueError, match=host.replace(".", r"\.")):
        require_verified(url, {})


def test_what_libpq_would_take_from_the_environment_counts() -> None:
    with pytest.raises(ValueError, match="db\\.example"):
        require_verified("postgresql:///books", {"PGHOST": "db.example"})
    require_verified("postgresql://db.example/books", {"PGSSLMODE": "verify-full"})


def test_settings_refuse_it_and_show_no_password(tmp_path: Path) -> None:
    options: dict[str, Any] = {"ledger_url": f"postgresql://books:{SECRET}@db.example/books", "data_dir": tmp_path}
    with pytest.raises(SettingsError, match=r"ledger_url.*leads to db.example, off loopback, without sslmode=verify-full") as refused:
        load_settings(options)
    assert SECRET not in str(refused.value)
    assert load_settings({**options, "database_allow_unverified": True}).ledger_place == "postgresql://db.example/books"


@pytest.mark.parametrize("url", [f"postgresql://books:{SECRET}/x@127.0.0.1/books", f"postgresql://books:{SECRET}#@127.0.0.1/books"])
def test_a_url_that_cannot_be_taken_apart_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(SettingsError, match="percent-encoded") as refused:
        load_settings({"operational_url": url})
    assert SECRET not in str(refused.value)


def test_a_password_comes_from_its_file_and_shows_nowhere(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}/@:\n")
    url = "postgresql://books@127.0.0.1/books"
    settings = load_settings(
        {
            "ledger_url": url,
            "operational_url": url,
            "ledger_password_file": tmp_path / "password",
            "operational_password_file": tmp_path / "password",
        }
    )
    whole = f"postgresql://books:{SECRET}%2F%40%3A@127.0.0.1/books"
    assert (settings.ledger_location, settings.operational_location) == (whole, whole)
    assert SECRET not in repr(settings) + settings.ledger_place


def test_urls_are_not_part_of_what_settings_say_of_themselves() -> None:
    settings = load_settings({"ledger_url": f"postgresql://books:{SECRET}@127.0.0.1/books"})
    assert SECRET not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    "url", [f"postgresql://u:{SECRET}@h/d", f"postgresql://u@h/d?password={SECRET}", f"postgresql:///d?sslpassword={SECRET}"]
)
def test_a_password_in_a_url_is_seen_and_masked(url: str) -> None:
    assert holds_password(url)
    assert SECRET not in masked(url)
    assert SECRET not in mask_text(f"cannot connect to {url}: refused")


@pytest.mark.parametrize("text", ["postgresql://u@h/d", "sqlite:///a b", "no broker answers at 10.0.0.1:9092", "http://h:8081/subjects"])
def test_what_has_no_password_stays_as_it_is(text: str) -> None:
    assert not holds_password(text)
    assert mask_text(text) == text
