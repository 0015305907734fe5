"""kazoo over TLS: what tls.interop.ts asks of it.

    secure.py <host:port> <path> <ca> <certificate> <key> <subject> [<sasl user> <sasl password>]

Creates a znode that belongs to the subject of the certificate (and, with SASL, another one that belongs to the user) and
prints `passed` when it can be used, `refused` when there was no connection.
"""

import sys

from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import make_acl

hosts, path, ca, certificate, key, subject = sys.argv[1:7]
options = {}
if len(sys.argv) > 7:
    user, password = sys.argv[7:9]
    options["sasl_options"] = {"mechanism": "DIGEST-MD5", "username": user, "password": password}

client = KazooClient(
    hosts, use_ssl=True, ca=ca, certfile=certificate, keyfile=key, verify_certs=True, **options
)
try:
    client.start(timeout=5)
except KazooTimeoutError:
    print("refused")
    sys.exit(0)

client.create(path, b"mine", acl=[make_acl("x509", subject, all=True)])
assert client.get(path)[0] == b"mine"
client.create(path + "/other", b"", acl=[make_acl("x509", "CN=nobody", all=True)])
try:
    client.get(path + "/other")
    raise AssertionError("the znode of somebody else was read")
except NoAuthError:
    pass
if options:
    client.create(path + "/user", b"", acl=[make_acl("sasl", user, all=True)])
    client.set(path + "/user", b"by user")
seen = []
client.get(path, watch=seen.append)
client.set(path, b"x" * 900000)
assert client.get(path)[0] == b"x" * 900000
client.stop()
client.close()
assert len(seen) == 1, seen
print("passed")
