"""Answers from past reports and from git: status, check, audit, site, export.

`report_walk` walks a tenant's chain, `files_at_revision` reads the files that a report names, and the other
modules each answer one question. Only `dnc check --live` asks CXone. Nothing here changes a list; `verify`
and `status` also continue, tag and push the record. Called by `cli`.
"""
