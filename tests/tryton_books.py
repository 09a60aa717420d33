"""Makes the books of a company in an empty Tryton database. Runs in Tryton's own environment, never in ours.

python tryton_books.py CONFIGURATION DATABASE < wishes.json > made.json

wishes: {company, currency, currencies: [[code, decimals]], years: [year], closed: [name of a period], accounts: [[code, name, code of the
chart's account whose type it has]], customers: [[code, name]]}. made: {accountant: REST key, stranger: REST key}; the stranger is a user
without rights in accounting. The modules are active already.
"""

import datetime
import json
import sys
from decimal import Decimal
from typing import Any

from proteus import Model, Wizard, config

TEMPLATE = "account.account_template_root_en"


def new(model: str, **values: Any) -> Any:
    """Make and save one record."""
    record = Model.get(model)(**values)
    record.save()
    return record


def one(model: str, *domain: Any) -> Any:
    """The one record of a search."""
    (found,) = Model.get(model).find(list(domain), limit=1)
    return found


def make_company(wishes: dict[str, Any], context: Any) -> Any:
    """Currencies and the company, which becomes the user's."""
    made = {}
    for code, decimals in wishes["currencies"]:
        made[code] = new("currency.currency", name=code, code=code, symbol=code, rounding=Decimal(1).scaleb(-decimals), digits=decimals)
    steps = Wizard("company.company.config")
    steps.execute("company")
    steps.form.party = new("party.party", name=wishes["company"])
    steps.form.currency = made[wishes["currency"]]
    steps.execute("add")
    context._context = Model.get("res.user").get_preferences(True, {})
    return one("company.company")


def make_chart(company: Any, context: Any, wishes: dict[str, Any]) -> None:
    """The universal chart, and the accounts that are wished for, each of the type of one of the chart."""
    steps = Wizard("account.create_chart")
    steps.execute("account")
    template = Model.get("ir.model.data").get_id(TEMPLATE, context.context)
    steps.form.account_template = Model.get("account.account.template")(template)
    steps.form.company = company
    steps.execute("create_account")
    usable = ("closed", "!=", True)
    steps.form.account_receivable = one("account.account", ("type.receivable", "=", True), usable)
    steps.form.account_payable = one("account.account", ("type.payable", "=", True), usable)
    steps.execute("create_properties")
    root = one("account.account", ("parent", "=", None))
    for code, name, like in wishes["accounts"]:
        model = one("account.account", ("code", "=", like))
        new("account.account", code=code, name=name, company=company, parent=root, type=model.type)


def make_year(company: Any, year: int) -> None:
    """A fiscal year of twelve months with its number series."""

    def series(name: str, kind: str) -> Any:
        sequence_type = one("ir.sequence.type", ("name", "=", kind))
        return new("ir.sequence.strict", name=f"{name} {year}", company=company, sequence_type=sequence_type, prefix=f"{year}-")

    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    fiscal_year = Model.get("account.fiscalyear")(name=str(year), start_date=first, end_date=last, company=company)
    fiscal_year.move_sequence = series("Moves", "Account Move")
    (numbers,) = fiscal_year.invoice_sequences
    numbers.out_invoice_sequence = numbers.in_invoice_sequence = series("Invoices", "Invoice")
    numbers.out_credit_note_sequence = numbers.in_credit_note_sequence = series("Credit notes", "Invoice")
    fiscal_year.save()
    fiscal_year.click("create_period")


def make_user(login: str, company: Any, *groups: str) -> str:
    """A user with the rights of these groups alone; the answer is its REST key."""
    kind = Model.get("res.user")
    user = kind(login=login, name=login)
    user.groups.extend(one("res.group", ("name", "=", name)) for name in groups)
    user.companies.append(Model.get("company.company")(company.id))
    user.company = company
    user.save()
    application = new("res.user.application", user=user, application="rest")
    return str(application.key)


def main() -> None:
    """Make everything, and print the keys."""
    configuration, database = sys.argv[1:3]
    wishes = json.load(sys.stdin)
    context = config.set_trytond(database, config_file=configuration)
    company = make_company(wishes, context)
    make_chart(company, context, wishes)
    for year in wishes["years"]:
        make_year(company, year)
    for name in wishes["closed"]:
        one("account.period", ("name", "=", name)).click("close")
    for code, name in wishes["customers"]:
        new("party.party", name=name, code=code)
    keys = {"accountant": make_user("asiento", company, "Accounting"), "stranger": make_user("stranger", company)}
    json.dump(keys, sys.stdout)


if __name__ == "__main__":
    main()
