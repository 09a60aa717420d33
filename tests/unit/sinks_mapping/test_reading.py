"""What a mapping file may say, and what is told about one that says something else."""

from dataclasses import replace
from pathlib import Path

import pytest

from asiento.runtime.yaml_files import RefusedFile
from sinks.external.targets import Target, Unmapped
from sinks.mapping.ledger_mapping import load_mapping
from tests.unit.sinks.journal import invoice
from tests.unit.sinks_mapping.files import account_for, asked, mapping_of

HEAD = "format: 1\nledger: xero\nversion: 1\nrules:\n"


def refusal(folder: Path, text: str) -> str:
    path = folder / "m.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedFile) as refused:
        load_mapping(path)
    return str(refused.value).replace(f"{path}:", "")


def test_a_rule_says_account_tax_code_item_and_contact(tmp_path: Path) -> None:
    to = {"account": "820", "tax_code": "OUTPUT2", "item": "TAX", "contact": "State"}
    mapping = mapping_of(tmp_path, [{"role": "tax_payable", "to": to}])
    assert mapping.target(*asked("tax_payable:ES:VAT")) == Target(account="820", tax_code="OUTPUT2", item="TAX", contact="State")


@pytest.mark.parametrize(
    ("rule", "where", "message"),
    [
        ("{rol: revenue, to: '1'}", "5:6: rules[0].rol", "rol is no key here; the nearest is role"),
        ("{to: '1'}", "5:5: rules[0]", "a role is expected"),
        ("{role: cash, to: {item: X}}", "5:18: rules[0].to", "`account` is missing"),
        ("{role: revenu, to: '1'}", "5:6: rules[0].role", "revenu is no role; the nearest is revenue; what manual"),
        ("{role: 'cash:madrid', to: '1'}", "5:6: rules[0].role", "what follows a colon in an account is the `qualifier`"),
        ("{role: cash, manual: true, to: '1'}", "5:18: rules[0].manual", "leave `manual` out"),
        ("{role: cash, to: 200}", "5:18: rules[0].to", "put quotes around numbers"),
        ("{role: cash, to: {acount: '200'}}", "5:23: rules[0].to.acount", "the nearest is account"),
        ("{role: cash}", "5:5: rules[0]", "`to` is missing"),
        ("{role: cash, currency: EURO, to: '1'}", "5:18: rules[0].currency", "EURO is no currency; the nearest is EUR"),
        ("{role: cash, from: 2026-02-30, to: '1'}", "5:18: rules[0].from", "a day like 2026-01-31"),
        ("{role: cash, from: 2026-02-01, until: 2026-02-01, to: '1'}", "5:36: rules[0].until", "the rule never holds"),
        ("{role: cash, qualifier: '*', to: '1'}", "5:18: rules[0].qualifier", "leave it out where any is meant"),
        ("{role: cash, qualifier: 'a*b', to: '1'}", "5:18: rules[0].qualifier", "at the end only"),
        ("{role: cash, tax_jurisdiction: ES, to: '1'}", "5:18: rules[0].tax_jurisdiction", "cash does not say the jurisdiction"),
        (
            "{role: tax_payable, qualifier: 'ES:VAT', tax_jurisdiction: ES, to: '1'}",
            "5:46: rules[0].tax_jurisdiction",
            "leave one of the two",
        ),
        ("{role: tax_payable, tax_rate: 0.21, to: '1'}", "5:25: rules[0].tax_rate", "put quotes around numbers"),
        ("{role: cash, to: '{name}'}", "5:18: rules[0].to", "is for `ledger: plaintext` only"),
        ("cash", "5:5: rules[0]", "`name: value` lines are expected"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, rule: str, where: str, message: str) -> None:
    told = refusal(tmp_path, f"{HEAD}  - {rule}\n")
    assert f"{where}: " in told
    assert message in told


def test_the_head_of_a_file_is_checked(tmp_path: Path) -> None:
    told = refusal(tmp_path, "format: 2\nledger: Xero Ltd\nversion: none\nruls: []\n")
    for field in (
        "format: 1 is expected",
        "ledger: the kind of ledger",
        "version: a number from 1",
        "the nearest is rules",
        "rules: a list",
    ):
        assert field in told


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    told = refusal(tmp_path, f"{HEAD}  - {{role: cassh, to: '1'}}\n  - {{role: cash, to: 1}}\ncontacts:\n  - {{chanel: web, to: C}}\n")
    assert [line.split(":")[0] for line in told.splitlines()] == ["5", "6", "8"]


def test_two_rules_for_one_posting_name_each_other(tmp_path: Path) -> None:
    told = refusal(tmp_path, f"{HEAD}  - {{role: cash, to: '1'}}\n  - {{role: cash, from: 2026-01-01, to: '2'}}\n")
    assert told.startswith("6:5: rules[1]: says where cash goes from 2026-01-01 on, and so does the rule in line 5:")


def test_a_rule_may_begin_on_the_day_another_ends(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, [{"role": "cash", "until": "2026-01-01", "to": "1"}, {"role": "cash", "from": "2026-01-01", "to": "2"}])
    assert [account_for(mapping, "cash", day=day) for day in ("1999-01-01", "2025-12-31", "2026-01-01")] == ["1", "1", "2"]


def test_days_without_a_rule_between_two_are_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, f"{HEAD}  - {{role: cash, until: 2026-01-01, to: '1'}}\n  - {{role: cash, from: 2026-02-01, to: '2'}}\n")
    assert told.startswith("6:5: rules[1]: nothing says where cash goes from 2026-01-01 until 2026-02-01: the rule in line 5 ends before")


def test_a_more_general_rule_fills_a_gap(tmp_path: Path) -> None:
    rules = [
        {"role": "cash", "qualifier": "m1", "until": "2026-01-01", "to": "1"},
        {"role": "cash", "qualifier": "m1", "from": "2026-02-01", "to": "2"},
        {"role": "cash", "to": "3"},
    ]
    mapping = mapping_of(tmp_path, rules)
    days = ("2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01")
    assert [account_for(mapping, "cash:m1", day=day) for day in days] == ["1", "3", "3", "2"]


def test_a_jurisdiction_is_the_first_part_of_the_qualifier(tmp_path: Path) -> None:
    rules = [{"role": role, "tax_jurisdiction": "ES", "to": "1"} for role in ("tax_payable", "withholding_receivable")]
    mapping = mapping_of(tmp_path, [*rules, {"role": "tax_payable", "to": "2"}, {"role": "tax_payable", "qualifier": "ES:IGIC", "to": "3"}])
    found = [account_for(mapping, name) for name in ("tax_payable:ES:VAT", "tax_payable:EST:VAT", "tax_payable:ES:IGIC")]
    assert found == ["1", "2", "3"]
    assert account_for(mapping, "withholding_receivable:ES") == "1"


def test_a_rate_is_compared_as_a_number(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, [{"role": "tax_payable", "tax_rate": "0.210", "to": "1"}])
    assert account_for(mapping, "tax_payable:ES:VAT", tax_rate="0.21") == "1"


def test_the_channel_of_a_posting_counts_before_that_of_its_entry(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, [{"role": "cash", "channel": "web", "to": "1"}, {"role": "cash", "to": "2"}])
    assert account_for(mapping, "cash:m1") == "1"
    assert account_for(mapping, "cash:m1", channel="store") == "2"


def test_what_is_unmapped_is_named_in_the_same_words(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, [{"role": "psp_clearing", "qualifier": "stripe", "until": "2026-01-01", "to": "1"}])
    for account, day in (("psp_clearing:adyen", "2025-05-05"), ("psp_clearing:stripe", "2026-01-01")):
        with pytest.raises(Unmapped) as unmapped:
            mapping.target(*asked(account, day=day))
        assert unmapped.value.about == f"{account}/ACME-ES/EUR"
        assert day in str(unmapped.value)


def test_a_role_of_manual_journals_is_named_with_intent(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, [{"role": "rent", "manual": True, "to": "1"}, {"role": "revenue", "to": "2"}])
    assert account_for(mapping, "rent:office") == "1"
    with pytest.raises(Unmapped, match="role: salaries, manual: true"):
        mapping.target(*asked("salaries"))


def test_any_other_role_of_manual_journals_never_stands_for_one_of_the_program(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, [{"role": "*", "manual": True, "to": "9"}, {"role": "rent", "manual": True, "to": "1"}])
    assert account_for(mapping, "salaries:pepa") == "9"
    assert account_for(mapping, "rent") == "1"
    with pytest.raises(Unmapped):
        mapping.target(*asked("revenue:books"))


def test_customers_are_found_by_reference_entity_and_channel(tmp_path: Path) -> None:
    contacts = [
        {"to": "C"},
        {"channel": "web", "to": "W"},
        {"customer_ref": "vip-*", "to": "V"},
        {"entity": "ACME-MX", "channel": "web", "to": "M"},
    ]
    mapping = mapping_of(tmp_path, [{"role": "cash", "to": "1"}], contacts)
    entry, _ = asked("cash")
    document = invoice().document
    assert document is not None
    vip = replace(entry, document=replace(document, customer_ref="vip-7"))
    store = replace(entry, channel="store")
    mexico = replace(vip, legal_entity="ACME-MX")
    assert [mapping.contact(one) for one in (entry, store, vip, mexico)] == ["W", "C", "V", "M"]


def test_a_missing_customer_is_told(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, [{"role": "cash", "to": "1"}], [{"channel": "store", "to": "S"}])
    with pytest.raises(Unmapped) as unmapped:
        mapping.contact(asked("cash")[0])
    assert unmapped.value.about == "contact/ACME-ES/EUR/web"
