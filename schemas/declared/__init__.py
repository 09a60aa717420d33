"""The contract as it is written down once; `python -m schemas.generate` turns it into the `.avsc` files.

Programs never read these declarations: they read the generated files, which are the contract.
"""
