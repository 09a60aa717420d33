"""The alerts, declared once: `python -m deploy.prometheus.alerts` writes the rules of Prometheus from them.

An alert is a symptom that somebody has to act on, with one runbook. Where several things show the same symptom it has several
causes, each a rule with the label `cause`: one page to learn, and the message still says what was seen.
"""
