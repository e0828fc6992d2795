"""What a GitOps repository has in its files: entries, releases, and a configuration."""

from typing import Any

LIST = "dnc-list-01"

CONFIGURATION = {
    "defaultTenant": "production",
    "tenants": {
        "production": {
            "dialect": "entries",
            "orgId": "${CXONE_ORG_ID}",
            "baseUrl": "${CXONE_BASE_URL}",
            "clientId": "${CXONE_CLIENT_ID}",
            "clientSecret": "${CXONE_CLIENT_SECRET}",
            "requestsPerMinute": 1_000_000,
            "removal": "delete",
        },
        "toy": {"dialect": "entries", "embedded": True},
    },
    "safety": {"maxRemovals": 500, "maxRemovalPercent": 1},
}


def entry(*phones: str, reason="CUSTOMER_REQUESTED", policy="NEVER", **more: str) -> dict[str, Any]:
    """Make an entry of a list file."""
    return {"phones": list(phones), "reasonCode": reason, "expirationPolicy": policy, **more}


def dated(*phones: str, until="2027-06-30", reason="COMPANY_POLICY") -> dict[str, Any]:
    """Make an entry with an end."""
    return entry(*phones, reason=reason, policy="ABSOLUTE", expirationDate=until)


def release(*phones: str, on="2026-11-23", reason="CONSENT_GIVEN", **more: str) -> dict[str, Any]:
    """Make a release of a list file."""
    return {"phones": list(phones), "releasedOn": on, "reason": reason, "evidence": "FORM-221", **more}
