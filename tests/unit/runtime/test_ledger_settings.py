"""Where the ledger is, and where the password for it comes from."""

from pathlib import Path

import pytest

from asiento.runtime.settings import SettingsError, load_settings


def test_the_password_of_the_ledger_comes_from_a_file_and_is_in_no_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("can/ary\n")
    monkeypatch.setenv("ASIENTO_LEDGER_URL", "postgresql://ana@db:5432/books")
    monkeypatch.setenv("ASIENTO_LEDGER_PASSWORD_FILE", str(file))
    settings = load_settings()
    assert settings.ledger_location == "postgresql://ana:can%2Fary@db:5432/books"
    assert settings.ledger_place == "postgresql://db:5432/books"
    file.unlink()
    with pytest.raises(SettingsError, match="ASIENTO_LEDGER_PASSWORD_FILE"):
        _ = load_settings().ledger_location
