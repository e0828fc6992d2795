"""What pipelines and people on call need besides a run.

The merge request's note and automatic merge, adoption of drift as a merge request, tenants as pipeline
jobs, notification, and `dnc doctor`. Called by `cli`; may call every other use case.
"""
