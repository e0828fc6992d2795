"""Decides what would change: the declared, the last applied and the live state in, one plan out.

`permission` decides, before the diff, which entries of the last applied state may be removed or weakened,
by the verdict of each; `diff` compares target and live state by the reconcile table; `guards` block
authorised removals that exceed a limit; `plan` puts it together. No input or output, no clock: `inputs`
holds the facts, and `ports` are the two questions that are asked only while a plan is made. Called by the
use cases, and again by `apply` on its verification read.
"""
