"""The program by which a task reads a secret from Azure Key Vault, by the identity of its node.

It needs Python 3 alone, which every Linux image for Batch has: the Azure Linux agent is written in it. Its arguments
are the secret's address and the ARM id of the identity.

Sources: "How to use managed identities on an Azure VM to acquire an access token" (IMDS, api-version 2018-02-01,
`msi_res_id`); Key Vault REST, Get Secret (7.4); both read 2026-11.
"""

IDENTITY_ENDPOINT = "http://169.254.169.254"
PROGRAM = f"""\
import json, random, sys, time, urllib.parse, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
def get(opener, url, **headers):
    for attempt in range(7):
        try:
            return json.load(opener.open(urllib.request.Request(url, headers=headers), timeout=30))
        except OSError as exc:
            if attempt == 6 or getattr(exc, "code", 500) not in (404, 408, 410, 429, 500, 502, 503, 504):
                sys.exit("the secret " + sys.argv[1] + " cannot be read: " + str(exc))
            time.sleep(2 ** attempt * random.uniform(0.5, 1))
resource = {{"api-version": "2018-02-01", "resource": "https://vault.azure.net", "msi_res_id": sys.argv[2]}}
address = "{IDENTITY_ENDPOINT}/metadata/identity/oauth2/token?" + urllib.parse.urlencode(resource)
token = get(direct, address, Metadata="true")["access_token"]
found = get(urllib.request.build_opener(), sys.argv[1] + "?api-version=7.4", Authorization="Bearer " + token)
sys.stdout.write(found["value"])
"""
