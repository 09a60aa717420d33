"""The four Grafana boards, made by code: `python -m deploy.grafana.boards` writes deploy/grafana/dashboards/*.json.

`overview`, `pipeline`, `ledgers` and `discrepancies` say what stands on each; `panels` gives a panel its form, `board` its place.
"""
