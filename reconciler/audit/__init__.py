"""The record: reports, and the ledger that chains them on a branch. Is handed a git object; imports none."""
