"""Commands that write list files: add, import, release, restore, undo, pull, fmt, confirm, init.

Each works its changes out in memory; `file_changes` judges all files together. They run one
after another (`edit_lock`), read after the lock is taken, and write all files or none.
No command here writes to CXone. Not here: the text of a list file (`lists.edit`). Called by `cli` and
`use_cases.operations`.
"""
