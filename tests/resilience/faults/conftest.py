import pytest


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Time-outs and floods as in life, only smaller."""
    monkeypatch.setattr("reconciler.cxone.http.transport.READ_SECONDS", 0.1)
    monkeypatch.setattr("reconciler.cxone.http.transport.LARGEST_BODY", 400_000)
