"""The command `create`: a thin skin over :mod:`paragone`.

No medium is named here. Commands and flags are built from what the plugins
declare, and torch is imported only when something is really made or trained.
"""
