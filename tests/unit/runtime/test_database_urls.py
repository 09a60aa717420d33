"""What messages and `config show` say of a database, whatever is wrong with its URL."""

import pytest

from asiento.runtime.database_urls import masked, place_of, with_password


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:////var/lib/ledger.sqlite", "/var/lib/ledger.sqlite"),
        ("postgresql://db/books", "postgresql://db/books"),
        ("postgresql://ana:canary@db:5433/books?sslmode=require", "postgresql://db:5433/books"),
        ("postgresql://ana:can@ry@db:5433/books", "postgresql://db:5433/books"),
        ("postgresql://ana:canary@one:5432,two:5433/books", "postgresql://one:5432,two:5433/books"),
        ("postgresql://ana:canary@[::1]:5432/books", "postgresql://[::1]:5432/books"),
        ("postgresql:///books?host=db&password=canary", "postgresql:///books"),
        ("postgresql://ana:can/ary@db/books", "postgresql://***"),
        ("postgresql://ana:can#ary@db/books", "postgresql://***"),
        ("postgresql://ana:can?ary@db/books", "postgresql://***"),
    ],
)
def test_a_place_never_holds_user_or_password(url: str, place: str) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///ledger.sqlite", "sqlite:///ledger.sqlite"),
        ("postgresql://ana:canary@db/books?sslmode=require", "postgresql://ana:***@db/books?sslmode=require"),
        ("postgresql://ana@db/books", "postgresql://ana@db/books"),
        ("postgresql://db/books?password=canary&sslpassword=canary", "postgresql://db/books?password=***&sslpassword=***"),
        ("postgresql://ana:can/ary@db/books", "postgresql://***"),
    ],
)
def test_every_password_of_a_url_is_masked(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("postgresql://ana@db/books", "postgresql://ana:a%2Fb%40@db/books"),
        ("postgresql://ana:old@db/books", "postgresql://ana:a%2Fb%40@db/books"),
        ("postgresql://db/books", "postgresql://:a%2Fb%40@db/books"),
    ],
)
def test_a_password_of_a_file_is_put_into_the_url(url: str, full: str) -> None:
    assert with_password(url, "a/b@") == full
