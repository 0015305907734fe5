"""The cases of kazoo.interop.ts: what an application does with kazoo, one case per process.

    cases.py <connect string> <case> <path> [session timeout in ms]

Each case works below <path>, checks what it sees with plain asserts and prints `passed` at the end.
"""

import sys
import threading
import time

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (
    BadVersionError,
    InvalidACLError,
    NoAuthError,
    NoChildrenForEphemeralsError,
    NodeExistsError,
    NoNodeError,
    NotEmptyError,
    RolledBackError,
    RuntimeInconsistency,
)
from kazoo.protocol.states import EventType
from kazoo.security import CREATOR_ALL_ACL, make_acl, make_digest_acl

LIMIT_S = 20
hosts = sys.argv[1]


class Connection:
    """A started client for a `with` block."""

    def __init__(self, timeout=10.0, **options):
        self.client = KazooClient(hosts, timeout=timeout, **options)

    def __enter__(self):
        self.client.start(timeout=LIMIT_S)
        return self.client

    def __exit__(self, *_):
        self.client.stop()
        self.client.close()


def refused(error, action, *args, **options):
    try:
        action(*args, **options)
    except error:
        return
    raise AssertionError("%s expected of %s%r" % (error.__name__, action.__name__, args))


def eventually(condition, what):
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "%s: not within %d s" % (what, LIMIT_S)
        time.sleep(0.02)


def creates(root):
    with Connection() as client:
        client.create(root)
        assert client.create(root + "/a", b"one") == root + "/a"
        data, stat = client.get(root + "/a")
        assert data == b"one"
        assert (stat.version, stat.cversion, stat.aversion) == (0, 0, 0)
        assert (stat.dataLength, stat.numChildren, stat.ephemeralOwner) == (3, 0, 0)
        assert stat.czxid == stat.mzxid == stat.pzxid
        changed = client.set(root + "/a", b"three", version=0)
        assert (changed.version, changed.dataLength) == (1, 5)
        assert changed.mzxid > changed.czxid
        path, created = client.create(root + "/b", b"", include_data=True)
        assert path == root + "/b" and created == client.exists(path)
        client.create(root + "/x/y/z", makepath=True)
        assert sorted(client.get_children(root)) == ["a", "b", "x"]
        children, parent = client.get_children(root, include_data=True)
        assert len(children) == parent.numChildren == parent.cversion == 3

        refused(NodeExistsError, client.create, root + "/a")
        refused(NoNodeError, client.create, root + "/none/child")
        refused(NoNodeError, client.get, root + "/none")
        refused(NoNodeError, client.set, root + "/none", b"")
        refused(BadVersionError, client.set, root + "/a", b"", version=7)
        refused(BadVersionError, client.delete, root + "/a", version=7)
        refused(NotEmptyError, client.delete, root)
        client.create(root + "/e", ephemeral=True)
        refused(NoChildrenForEphemeralsError, client.create, root + "/e/child")

        assert client.exists(root + "/none") is None
        assert client.sync(root) == root
        client.delete(root + "/x", recursive=True)
        client.delete(root + "/a", version=1)
        assert sorted(client.get_children(root)) == ["b", "e"]


def sequential(root):
    with Connection() as observer:
        observer.create(root)
        with Connection() as owner:
            for number in range(6):
                client = owner if number % 2 == 0 else observer
                path = client.create(root + "/n-", b"", ephemeral=True, sequence=True)
                assert path == "%s/n-%010d" % (root, number), path
                assert observer.exists(path).ephemeralOwner == client.client_id[0]
        remaining = ["n-%010d" % number for number in (1, 3, 5)]
        assert sorted(observer.get_children(root)) == remaining
        assert observer.create(root + "/n-", sequence=True) == "%s/n-%010d" % (root, 6)


def lock(root):
    with Connection() as observer:
        observer.create(root, b"0")
        holders, failures = [], []

        def contend(name):
            try:
                with Connection() as client:
                    mutex = client.Lock(root + "/lock", name)
                    for _ in range(3):
                        assert mutex.acquire(timeout=LIMIT_S)
                        holders.append(name)
                        assert holders == [name]
                        # Not atomic on purpose: it loses an increment when two hold the lock.
                        value = int(client.get(root)[0])
                        client.set(root, b"%d" % (value + 1))
                        holders.remove(name)
                        mutex.release()
            except BaseException as error:
                failures.append(error)
                raise

        with Connection() as blocker:
            first = blocker.Lock(root + "/lock", "blocker")
            assert first.acquire(timeout=LIMIT_S)
            names = ["contender-%d" % number for number in range(4)]
            threads = [threading.Thread(target=contend, args=(name,), daemon=True) for name in names]
            for thread in threads:
                thread.start()
            eventually(lambda: len(first.contenders()) == 5, "all contenders queue up")
            assert first.contenders()[0] == "blocker"
            assert observer.get(root)[0] == b"0"
            first.release()
            for thread in threads:
                thread.join(LIMIT_S)
        assert not failures, failures
        assert observer.get(root)[0] == b"12"


def watches(root):
    with Connection() as client, Connection() as other:
        client.create(root)
        events = []

        def watcher(event):
            events.append((event.type, event.path))

        def seen(*expected):
            eventually(lambda: len(events) >= len(expected), "events %r" % (expected,))
            assert events == list(expected), events
            del events[:]

        node = root + "/w"
        assert client.exists(node, watch=watcher) is None
        client.get_children(root, watch=watcher)
        other.create(node)
        seen((EventType.CREATED, node), (EventType.CHILD, root))
        client.get(node, watch=watcher)
        other.set(node, b"a")
        seen((EventType.CHANGED, node))
        other.set(node, b"b")
        client.get(node, watch=watcher)
        client.get_children(node, watch=watcher)
        other.delete(node)
        eventually(lambda: events, "deletion")
        client.sync(root)
        assert set(events) == {(EventType.DELETED, node)}, events

        values, children = [], []
        client.DataWatch(node, lambda data, stat: values.append(data))
        client.ChildrenWatch(root, lambda names: children.append(sorted(names)))
        other.create(node, b"1")
        eventually(lambda: values[-1] == b"1", "DataWatch sees the creation")
        other.set(node, b"2")
        eventually(lambda: values[-1] == b"2", "DataWatch sees the change")
        other.delete(node)
        eventually(lambda: values[-1] is None, "DataWatch sees the deletion")
        eventually(lambda: len(children) >= 3, "ChildrenWatch sees both changes")
        assert children == [[], ["w"], []], children


def multi(root):
    with Connection() as client:
        client.create(root)
        client.set(root, b"x")
        transaction = client.transaction()
        transaction.check(root, version=1)
        transaction.create(root + "/a", b"a")
        transaction.create(root + "/n-", b"", ephemeral=True, sequence=True)
        transaction.create(root + "/n-", b"", sequence=True)
        transaction.set_data(root + "/a", b"aa", version=0)
        transaction.create(root + "/gone")
        transaction.delete(root + "/gone", version=0)
        results = transaction.commit()
        assert results[0] is True
        assert results[1:4] == [root + "/a", root + "/n-0000000001", root + "/n-0000000002"], results
        assert results[4].version == 1
        assert results[5:] == [root + "/gone", True]
        data, stat = client.get(root + "/a")
        assert data == b"aa" and stat.czxid == stat.mzxid
        assert client.exists(root + "/n-0000000002").czxid == stat.czxid


def multi_fails(root):
    with Connection() as client:
        client.create(root)
        transaction = client.transaction()
        transaction.create(root + "/n-", sequence=True)
        transaction.create(root + "/a")
        transaction.set_data(root, b"", version=42)
        transaction.delete(root)
        kinds = [type(result) for result in transaction.commit()]
        assert kinds == [RolledBackError, RolledBackError, BadVersionError, RuntimeInconsistency], kinds
        assert client.get_children(root) == []
        assert client.create(root + "/n-", sequence=True) == root + "/n-0000000000"


def acl(root):
    with Connection(auth_data=[("digest", "alice:secret")]) as alice, Connection() as mallory:
        alice.create(root, b"private", acl=CREATOR_ALL_ACL)
        entries, _ = alice.get_acls(root)
        assert entries == [make_digest_acl("alice", "secret", all=True)], entries
        refused(NoAuthError, mallory.get, root)
        refused(NoAuthError, mallory.create, root + "/child")
        refused(NoAuthError, mallory.set_acls, root, [make_acl("world", "anyone", all=True)])
        mallory.add_auth("digest", "alice:wrong")
        refused(NoAuthError, mallory.set, root, b"")
        refused(InvalidACLError, mallory.create, root + "-2", acl=[make_acl("nosuch", "x", all=True)])
        stat = alice.set_acls(root, entries + [make_acl("world", "anyone", read=True)], version=0)
        assert (stat.aversion, stat.version) == (1, 0)
        assert mallory.get(root)[0] == b"private"
        refused(NoAuthError, mallory.set, root, b"")
        mallory.add_auth("digest", "alice:secret")
        mallory.set(root, b"shared")


def expiry(root):
    states = []
    with Connection(timeout=int(sys.argv[4]) / 1000, connection_retry={"max_tries": -1}) as client:
        old = client.client_id[0]
        client.add_listener(states.append)
        client.create(root, ephemeral=True)
        print("ready " + root, flush=True)
        eventually(lambda: KazooState.LOST in states, "the session is reported as lost")
        eventually(lambda: states[-1] == KazooState.CONNECTED, "a new session begins")
        assert states == [KazooState.SUSPENDED, KazooState.LOST, KazooState.CONNECTED], states
        assert client.client_id[0] != old
        assert client.exists(root) is None


cases = {case.__name__: case for case in (creates, sequential, lock, watches, multi, multi_fails, acl, expiry)}
cases[sys.argv[2]](sys.argv[3])
print("passed", flush=True)
