"""YAML files: values with their places, all faults of keys at once, and hostile files that end in a message."""

import re
from pathlib import Path
from typing import Any

import pytest

from asiento.runtime.settings import SettingsError
from asiento.runtime.yaml_files import (
    FAULTS_SHOWN_MAX,
    FILE_BYTES_MAX,
    NESTING_LEVELS_MAX,
    Place,
    RefusedFile,
    YamlFile,
    load_yaml,
    read_yaml,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.yaml"


def read(path: Path, text: str | bytes) -> YamlFile:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(path)


def test_values_are_plain_and_keys_are_text(path: Path) -> None:
    text = "a: 1\nb: [x, no, 1.5, ~, '1']\n1: {no: y}\nfrom: 2027-01-01T00:00:00Z\nday: 2027-02-30\n"
    values: dict[str, Any] = {"a": 1, "b": ["x", False, 1.5, None, "1"], "1": {"no": "y"}}
    assert read(path, text).values == values | {"from": "2027-01-01T00:00:00Z", "day": "2027-02-30"}
    assert load_yaml(path) == read_yaml(path).values


def test_each_field_has_its_place(path: Path) -> None:
    file = read(path, "versions:\n  - a: 1\n  -\n    channels: {amazon: {charges: x}}\n")
    assert file.places["versions[0].a"] == Place(2, 5)
    assert file.places["versions[1]"] == Place(4, 5)
    assert file.places["versions[1].channels.amazon.charges"] == Place(4, 25)


def test_a_refusal_lists_faults_by_place(path: Path) -> None:
    file = read(path, "a: 1\nb: {x: 1, x: 2}\nc: 3\n")
    assert str(file.refusal([("c", "is wrong"), ("a", "is wrong too"), ("", "misses d")])).splitlines() == [
        f"{path}:1:1: misses d",
        f"{path}:1:1: a: is wrong too",
        f"{path}:2:11: b.x: is there twice, first in line 2: keep one of them",
        f"{path}:3:1: c: is wrong",
    ]


def test_the_first_of_two_equal_keys_stands(path: Path) -> None:
    assert read(path, "a: 1\na: 2\n").values == {"a": 1}
    with pytest.raises(RefusedFile, match=r"file\.yaml:2:1: a: is there twice, first in line 1"):
        load_yaml(path)


def test_a_key_that_is_no_word_is_a_fault(path: Path) -> None:
    file = read(path, "? [a]\n: 1\n? {b: 1}\n: 2\nc: 3\n")
    assert file.values == {"c": 3}
    assert [(fault.place, fault.message) for fault in file.faults] == [
        (Place(1, 3), "a key must be one word"),
        (Place(3, 3), "a key must be one word"),
    ]


def test_numbers_that_no_machine_word_holds_stay_text(path: Path) -> None:
    for number in ("9" * 5_000, "0x" + "f" * 5_000, "0b_", "9" * 20):
        assert read(path, f"a: {number}").values == {"a": number}
    assert read(path, f"a: {2**63}").values == {"a": 2**63}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: the file is empty"),
        ("# only a comment\n", "1:1: the file is empty"),
        ("- a\n", "1:1: a mapping of `name: value` lines is expected"),
        ("a: [1\nb: 2", "2:2: this is not YAML: expected"),
        ("a:\n\t- 1\n", "2:1: this is not YAML: found character"),
        ("a: 1\n---\nb: 1\n", "2:1: this is not YAML: but found another document"),
        ("a: 1\nbc: \x01\n", "2:5: YAML does not allow the character U+0001"),
        ("a: 1\nb: é\n".encode("latin-1"), "2:1: this is not UTF-8"),
        ('a: "\\ud800"\n', "1:4: this escape is half of a character"),
        ('a: "\\U7fffffff"\n', "1:7: this is not YAML: chr()"),
        (f"%YAML {'9' * 5_000}.1\n---\na: 1\n", "1:7: this is not YAML: Exceeds the limit"),
        (
            "a: !!python/object/apply:os.system ['true']\n",
            "1:4: tags are not read here: leave tag:yaml.org,2002:python/object/apply:os… out",
        ),
        ("a: !x 1\n", "1:4: tags are not read here"),
        ("!!map {a: 1}\n", "1:1: tags are not read here"),
        ("a: &one 1\n", "1:4: anchors and aliases"),
        ("a: 1\nb: *one\n", "2:4: anchors and aliases"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "1:4: anchors and aliases"),
        ("[" * 100_000, f"1:{NESTING_LEVELS_MAX + 1}: values are nested in more than {NESTING_LEVELS_MAX} levels"),
        ("{a: " * 60_000, f"values are nested in more than {NESTING_LEVELS_MAX} levels (NESTING_LEVELS_MAX)"),
        ("- " * 100_000, "values are nested in more than"),
        ("? " * 100_000, "values are nested in more than"),
        ("a" * (FILE_BYTES_MAX + 1), f"the file is longer than {FILE_BYTES_MAX} bytes (FILE_BYTES_MAX)"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_not_read_says_where_and_why(path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(RefusedFile, match=re.escape(message)) as refused:
        read(path, text)
    assert str(refused.value).startswith(str(path))
    assert len(str(refused.value)) < len(str(path)) + 250


def test_the_longest_file_and_the_deepest_value_are_read(path: Path) -> None:
    depth = NESTING_LEVELS_MAX - 1
    assert read(path, "a: " + "[" * (depth - 1) + "x" + "]" * (depth - 1)).values
    assert read(path, "a: 1\n#" + "x" * (FILE_BYTES_MAX - 6)).values == {"a": 1}


def test_the_list_of_faults_is_bounded(path: Path) -> None:
    lines = str(read(path, "a: 1\n" * (FAULTS_SHOWN_MAX + 8)).refusal()).splitlines()
    assert len(lines) == FAULTS_SHOWN_MAX + 1
    assert lines[-1] == f"{path}: 7 more of them"


def test_no_file_is_another_error_than_a_refused_one(tmp_path: Path) -> None:
    for missing in (tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(SettingsError, match=str(missing)) as error:
            read_yaml(missing)
        assert not isinstance(error.value, RefusedFile)
