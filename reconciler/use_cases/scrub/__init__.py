"""`dnc scrub`: a calling list held against every list, before it is dialled.

`request` says what is wanted. `on_list` gathers the numbers that may not be called, `readings` what is known
of CXone and how old that is, `registries` how old registries' copies are. `tables` opens a calling list,
`scrub` judges its rows, `outputs` writes files that appear whole or not at all, `certificate` says what was
done, and `verify` checks that. Not here: what a number, a column or a row is (`lists.scrub`). Called by
`cli`.
"""
