"""The HTTP client that both dialects use.

A dialect makes requests as values and judges answers as values (`messages`); only `client` sends. Below it
are one request without policy (`transport`), the retry loop, the rate limit, the access token, the wish to
stop, and the removal of secrets from everything that may be shown. `requests` sends nothing outside of this
package; `groups` uses only its authentication classes.
"""
