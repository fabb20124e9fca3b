"""Entra ID as Azure's clients see it: tokens, the endpoints that issue them, and the certificates of HTTPS.

One principal owns everything here. It proves itself by the service's secret, which is in `status --json`.
"""
