"""The settings file: plain values, read as bounded as every YAML file here."""

from pathlib import Path

import pytest

from asiento.runtime.settings import SettingsError, load_settings

BOMB = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}]\n" for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


def _refusal(monkeypatch: pytest.MonkeyPatch, path: Path, text: str) -> str:
    path.write_text(text)
    monkeypatch.setenv("ASIENTO_CONFIG", str(path))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


def test_values_of_the_file_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "asiento.yaml").write_text('partitions: 12\napproval_limit: {default: 5}\ndata_dir: here\napp_id: "8"\n')
    monkeypatch.setenv("ASIENTO_CONFIG", str(tmp_path / "asiento.yaml"))
    settings = load_settings({"partitions": 3})
    assert (settings.partitions, settings.approval_limit, settings.data_dir, settings.app_id) == (3, {"default": 5}, Path("here"), "8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "anchors and aliases"),
        ("a: !!python/object/apply:os.system ['true']\n", "tags are not read here"),
        ("x: " + "[" * 40 + "]" * 40 + "\n", "NESTING_LEVELS_MAX"),
        ("#" * 300_000, "FILE_BYTES_MAX"),
        ("partitions: [\n", "this is not YAML"),
        ("partitons: 8\n", "partitons is no setting; the nearest is partitions"),
    ],
)
def test_what_is_no_plain_file_of_settings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    assert words in _refusal(monkeypatch, tmp_path / "asiento.yaml", text)
