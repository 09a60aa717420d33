"""Requests to QuickBooks against the objects of python-quickbooks: every field is one that its class knows, nested as it says."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

_MODULES = {"JournalEntry": "journalentry", "Invoice": "invoice", "CreditMemo": "creditmemo", "Payment": "payment"}
_READ_ONLY = frozenset({"Id", "SyncToken", "MetaData", "domain", "sparse"})


def unknown_fields(name: str, resource: Mapping[str, Any]) -> list[str]:
    """Fields of a resource to be created that the vendor's objects do not have, or have otherwise; empty where all is right."""
    return list(_unknown(getattr(import_module(f"quickbooks.objects.{_MODULES[name]}"), name), resource, name))


def _unknown(kind: Any, value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: an object is expected"
        return
    known = {name for name in vars(kind()) if not name.startswith("_")} | set(kind.class_dict) | set(kind.list_dict)
    for name, field in value.items():
        where = f"{place}.{name}"
        if name not in known or (name in _READ_ONLY and place.count(".") == 0):
            yield f"{where}: unknown to {kind.__name__}"
        elif name in kind.list_dict:
            if not isinstance(field, list):
                yield f"{where}: a list is expected"
            else:
                for number, item in enumerate(field):
                    yield from _unknown(_line_kind(kind, name, item), item, f"{where}[{number}]")
        elif name in kind.class_dict:
            yield from _unknown(kind.class_dict[name], field, where)
        elif isinstance(field, dict | list):
            yield f"{where}: {kind.__name__} has a plain value there"


def _line_kind(kind: Any, name: str, item: Any) -> Any:
    """Lines are of the class that their DetailType names."""
    details = getattr(kind, "detail_dict", None) or {}
    detail_type = item.get("DetailType") if isinstance(item, dict) else None
    return details[detail_type] if name == "Line" and detail_type in details else kind.list_dict[name]
