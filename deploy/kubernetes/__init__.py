"""Manifests for Kubernetes: `python -m deploy.kubernetes.generate` writes those that follow from tables of the program."""
