"""Carries a plan out through the provider port.

`run` keeps the order: protective changes first, the verification read, then what may still be removed;
`sender` cuts changes into chunks and sends a few at a time; `outcomes` records what became of each change,
`summary` counts what arrived by kind, and says who can still be called.
Not here: which changes there are (`planning`), HTTP and retries (`cxone`), and the report (`use_cases`). No
files, no clock. Called by `use_cases.reconcile.apply`.
"""
