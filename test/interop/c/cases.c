/*
 * The cases of c.interop.ts: what an application does with the C client, one case per process.
 *
 *     cases <connect string> <case> <path> [session timeout in ms]
 *
 * Each case works below <path>, ends the process at the first surprise and prints `passed` at the end. The client
 * compares the xid of every reply with its own queue and asserts, so it is a strict judge of the reply order.
 */
#include "session.h"

static void case_creates(void) {
  client_t *c = connect_client();
  struct Stat stat, changed;
  char path[PATH_MAX_CHARS];
  OK(create(c, root, "", ZOO_PERSISTENT, path));
  OK(create(c, below("/a"), "one", ZOO_PERSISTENT, path));
  CHECK(strcmp(path, below("/a")) == 0);
  expect_data(c, below("/a"), "one", &stat);
  CHECK(stat.version == 0 && stat.cversion == 0 && stat.aversion == 0);
  CHECK(stat.dataLength == 3 && stat.numChildren == 0 && stat.ephemeralOwner == 0);
  CHECK(stat.czxid == stat.mzxid && stat.czxid == stat.pzxid);
  OK(zoo_set2(c->zh, below("/a"), "three", 5, 0, &changed));
  CHECK(changed.version == 1 && changed.dataLength == 5 && changed.mzxid > stat.mzxid);

  /* A null value is not an empty one: -1 comes back as the length. */
  int length = sizeof path;
  OK(zoo_create(c->zh, below("/null"), NULL, -1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0));
  OK(zoo_get(c->zh, below("/null"), 0, path, &length, &stat));
  CHECK(length == -1 && stat.dataLength == 0);

  OK(zoo_create2(c->zh, below("/b"), "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, path, sizeof path, &stat));
  OK(zoo_exists(c->zh, below("/b"), 0, &changed));
  CHECK(memcmp(&stat, &changed, sizeof stat) == 0);
  OK(create(c, below("/container"), "", ZOO_CONTAINER, path));
  OK(zoo_create2_ttl(c->zh, below("/ttl"), "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_WITH_TTL, 60000, path,
                     sizeof path, &stat));
  CHECK(stat.czxid > changed.czxid);

  EXPECT(ZNODEEXISTS, create(c, below("/a"), "", ZOO_PERSISTENT, path));
  EXPECT(ZNONODE, create(c, below("/none/child"), "", ZOO_PERSISTENT, path));
  EXPECT(ZNONODE, zoo_exists(c->zh, below("/none"), 0, &stat));
  EXPECT(ZBADVERSION, zoo_set(c->zh, below("/a"), "", 0, 7));
  EXPECT(ZBADVERSION, zoo_delete(c->zh, below("/a"), 7));
  EXPECT(ZNOTEMPTY, zoo_delete(c->zh, root, -1));
  OK(create(c, below("/e"), "", ZOO_EPHEMERAL, path));
  EXPECT(ZNOCHILDRENFOREPHEMERALS, create(c, below("/e/child"), "", ZOO_PERSISTENT, path));
  expect_children(c, root, "a b container e null ttl");
  OK(zoo_delete(c->zh, below("/a"), 1));
  OK(zoo_exists(c->zh, root, 0, &stat));
  CHECK(stat.numChildren == 5 && stat.cversion == 7);
  close_client(c);
}

static void case_sequential(void) {
  client_t *observer = connect_client(), *owner = connect_client();
  char path[PATH_MAX_CHARS], expected[32];
  struct Stat stat;
  OK(create(observer, root, "", ZOO_PERSISTENT, path));
  for (int number = 0; number < 6; number++) {
    client_t *client = number % 2 == 0 ? owner : observer;
    OK(create(client, below("/n-"), "", ZOO_EPHEMERAL_SEQUENTIAL, path));
    snprintf(expected, sizeof expected, "/n-%010d", number);
    CHECK(strcmp(path, below(expected)) == 0);
    OK(zoo_exists(observer->zh, path, 0, &stat));
    CHECK(stat.ephemeralOwner == zoo_client_id(client->zh)->client_id);
  }
  close_client(owner);
  expect_children(observer, root, "n-0000000001 n-0000000003 n-0000000005");
  OK(create(observer, below("/n-"), "", ZOO_PERSISTENT_SEQUENTIAL, path));
  CHECK(strcmp(path, below("/n-0000000006")) == 0);
  close_client(observer);
}

/* The lock recipe of ZooKeeper's documentation: watch the znode before mine, and only that one. */
static void acquire(client_t *client, int *taken, char *mine) {
  OK(create(client, below("/lock/n-"), "", ZOO_EPHEMERAL_SEQUENTIAL, mine));
  const char *name = strrchr(mine, '/') + 1;
  for (;;) {
    struct String_vector names;
    struct Stat stat;
    char predecessor[PATH_MAX_CHARS] = "";
    OK(zoo_get_children(client->zh, below("/lock"), 0, &names));
    for (int i = 0; i < names.count; i++)
      if (strcmp(names.data[i], name) < 0 && strcmp(names.data[i], predecessor) > 0)
        snprintf(predecessor, sizeof predecessor, "%s", names.data[i]);
    deallocate_String_vector(&names);
    if (predecessor[0] == '\0') return;
    char path[2 * PATH_MAX_CHARS];
    snprintf(path, sizeof path, "%s/%s", below("/lock"), predecessor);
    int rc = zoo_wexists(client->zh, path, on_event, client, &stat);
    if (rc == ZOK) {
      take_event(client, taken, ZOO_DELETED_EVENT, path);
    } else {
      /* Gone already. This left a watch for its creation behind, which never happens: names are unique. */
      CHECK(rc == ZNONODE);
    }
  }
}

static void *contend(void *argument) {
  static int holders;
  client_t *client = connect_client();
  int taken = 0;
  (void)argument;
  for (int round = 0; round < 5; round++) {
    char mine[PATH_MAX_CHARS], data[32];
    int length = sizeof data - 1;
    acquire(client, &taken, mine);
    CHECK(__sync_add_and_fetch(&holders, 1) == 1);
    /* Not atomic on purpose: it loses an increment when two hold the lock. */
    OK(zoo_get(client->zh, root, 0, data, &length, NULL));
    data[length] = '\0';
    length = snprintf(data, sizeof data, "%d", atoi(data) + 1);
    OK(zoo_set(client->zh, root, data, length, -1));
    __sync_sub_and_fetch(&holders, 1);
    OK(zoo_delete(client->zh, mine, -1));
  }
  close_client(client);
  return NULL;
}

static void case_lock(void) {
  client_t *observer = connect_client();
  pthread_t threads[4];
  char path[PATH_MAX_CHARS];
  struct Stat stat;
  OK(create(observer, root, "0", ZOO_PERSISTENT, path));
  OK(create(observer, below("/lock"), "", ZOO_PERSISTENT, path));
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, contend, NULL) == 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  expect_data(observer, root, "20", &stat);
  expect_children(observer, below("/lock"), "");
  close_client(observer);
}

static void case_watches(void) {
  client_t *c = connect_client(), *other = connect_client();
  char path[PATH_MAX_CHARS], data[16];
  int taken = 0, length = sizeof data;
  struct Stat stat;
  struct String_vector names;
  OK(create(other, root, "", ZOO_PERSISTENT, path));
  EXPECT(ZNONODE, zoo_wexists(c->zh, below("/w"), on_event, c, &stat));
  OK(zoo_wget_children2(c->zh, root, on_event, c, &names, &stat));
  deallocate_String_vector(&names);
  OK(create(other, below("/w"), "", ZOO_PERSISTENT, path));
  take_event(c, &taken, ZOO_CREATED_EVENT, below("/w"));
  take_event(c, &taken, ZOO_CHILD_EVENT, root);
  OK(zoo_wget(c->zh, below("/w"), on_event, c, data, &length, &stat));
  OK(zoo_set(other->zh, below("/w"), "a", 1, -1));
  take_event(c, &taken, ZOO_CHANGED_EVENT, below("/w"));
  /* One-shot: nobody watches this change. */
  OK(zoo_set(other->zh, below("/w"), "b", 1, -1));
  length = sizeof data;
  OK(zoo_wget(c->zh, below("/w"), on_event, c, data, &length, &stat));
  OK(zoo_delete(other->zh, below("/w"), 2));
  take_event(c, &taken, ZOO_DELETED_EVENT, below("/w"));

  /* A removed watch is silent; removing it twice is an error. */
  length = sizeof data;
  OK(zoo_wget(c->zh, root, on_event, c, data, &length, &stat));
  OK(zoo_remove_watches(c->zh, root, ZWATCHTYPE_DATA, on_event, c, 0));
  EXPECT(ZNOWATCHER, zoo_remove_watches(c->zh, root, ZWATCHTYPE_DATA, on_event, c, 0));
  OK(zoo_set(other->zh, root, "silent", 6, -1));
  length = sizeof data;
  OK(zoo_get(c->zh, root, 0, data, &length, &stat));
  usleep(100000);
  /* The client itself reports the removal, with a type of its own that is not exported. */
  for (int i = taken; i < c->event_count; i++) {
    CHECK(atoi(c->events[i]) != ZOO_CHANGED_EVENT);
  }
  close_client(other);
  close_client(c);
}

static void case_multi(void) {
  client_t *c = connect_client();
  char path[PATH_MAX_CHARS], first[PATH_MAX_CHARS], second[PATH_MAX_CHARS];
  struct Stat stat, set;
  zoo_op_t ops[6];
  zoo_op_result_t results[6];
  OK(create(c, root, "x", ZOO_PERSISTENT, path));
  OK(zoo_set(c->zh, root, "y", 1, 0));
  zoo_check_op_init(&ops[0], root, 1);
  zoo_create_op_init(&ops[1], below("/a"), "a", 1, &ZOO_OPEN_ACL_UNSAFE, 0, first, sizeof first);
  zoo_create_op_init(&ops[2], below("/n-"), "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL, second,
                     sizeof second);
  zoo_set_op_init(&ops[3], below("/a"), "aa", 2, 0, &set);
  zoo_create_op_init(&ops[4], below("/gone"), "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, path, sizeof path);
  zoo_delete_op_init(&ops[5], below("/gone"), 0);
  OK(zoo_multi(c->zh, 6, ops, results));
  for (int i = 0; i < 6; i++) CHECK(results[i].err == ZOK);
  CHECK(strcmp(first, below("/a")) == 0 && strcmp(second, below("/n-0000000001")) == 0);
  CHECK(set.version == 1 && set.dataLength == 2);
  expect_data(c, below("/a"), "aa", &stat);
  CHECK(stat.czxid == stat.mzxid);
  expect_children(c, root, "a n-0000000001");
  close_client(c);
}

static void case_multi_fails(void) {
  client_t *c = connect_client();
  char path[PATH_MAX_CHARS];
  zoo_op_t ops[3];
  zoo_op_result_t results[3];
  OK(create(c, root, "", ZOO_PERSISTENT, path));
  zoo_create_op_init(&ops[0], below("/a"), "a", 1, &ZOO_OPEN_ACL_UNSAFE, 0, path, sizeof path);
  zoo_set_op_init(&ops[1], root, "", 0, 42, NULL);
  zoo_delete_op_init(&ops[2], root, -1);
  EXPECT(ZBADVERSION, zoo_multi(c->zh, 3, ops, results));
  CHECK(results[0].err == ZOK && results[1].err == ZBADVERSION);
  CHECK(results[2].err == ZRUNTIMEINCONSISTENCY);
  expect_children(c, root, "");
  close_client(c);
}

static void on_auth(int rc, const void *data) {
  CHECK(rc == ZOK);
  __sync_add_and_fetch((int *)(intptr_t)data, 1);
}

static void authenticate(client_t *client, const char *credential) {
  int done = 0;
  OK(zoo_add_auth(client->zh, "digest", credential, (int)strlen(credential), on_auth, &done));
  for (int i = 0; __sync_add_and_fetch(&done, 0) == 0; i++) {
    if (i > LIMIT_S * 100) FAIL("no reply to auth within %d s", LIMIT_S);
    usleep(10000);
  }
}

static void case_acl(void) {
  client_t *alice = connect_client(), *mallory = connect_client();
  char data[32], path[PATH_MAX_CHARS];
  int length = sizeof data;
  struct ACL_vector acl;
  struct Stat stat;
  authenticate(alice, "alice:secret");
  OK(zoo_create(alice->zh, root, "private", 7, &ZOO_CREATOR_ALL_ACL, ZOO_PERSISTENT, NULL, 0));
  OK(zoo_get_acl(alice->zh, root, &acl, &stat));
  CHECK(acl.count == 1 && acl.data[0].perms == ZOO_PERM_ALL);
  CHECK(strcmp(acl.data[0].id.scheme, "digest") == 0);
  CHECK(strcmp(acl.data[0].id.id, "alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E=") == 0); /* base64(sha1("alice:secret")) */
  EXPECT(ZNOAUTH, zoo_get(mallory->zh, root, 0, data, &length, &stat));
  EXPECT(ZNOAUTH, create(mallory, below("/child"), "", ZOO_PERSISTENT, path));
  authenticate(mallory, "alice:wrong");
  EXPECT(ZNOAUTH, zoo_set(mallory->zh, root, "", 0, -1));
  EXPECT(ZNOAUTH, zoo_set_acl(mallory->zh, root, -1, &ZOO_OPEN_ACL_UNSAFE));
  struct ACL unknown[] = {{ZOO_PERM_ALL, {"nosuch", "x"}}};
  struct ACL_vector invalid = {1, unknown};
  EXPECT(ZINVALIDACL, zoo_create(mallory->zh, "/c-acl", "", 0, &invalid, ZOO_PERSISTENT, NULL, 0));
  struct ACL readable[] = {acl.data[0], {ZOO_PERM_READ, ZOO_ANYONE_ID_UNSAFE}};
  struct ACL_vector both = {2, readable};
  OK(zoo_set_acl(alice->zh, root, 0, &both));
  deallocate_ACL_vector(&acl);
  expect_data(mallory, root, "private", &stat);
  CHECK(stat.aversion == 1 && stat.version == 0);
  EXPECT(ZNOAUTH, zoo_set(mallory->zh, root, "", 0, -1));
  authenticate(mallory, "alice:secret");
  OK(zoo_set(mallory->zh, root, "shared", 6, -1));
  close_client(mallory);
  close_client(alice);
}

static void case_expiry(void) {
  client_t *client = connect_client();
  char path[PATH_MAX_CHARS];
  CHECK(zoo_recv_timeout(client->zh) == session_timeout_ms);
  OK(create(client, root, "", ZOO_EPHEMERAL, path));
  printf("ready %s\n", path);
  fflush(stdout);
  await_state(client, ZOO_EXPIRED_SESSION_STATE, "expired");
  CHECK(is_unrecoverable(client->zh) == ZINVALIDSTATE);
  zookeeper_close(client->zh);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } cases[] = {{"creates", case_creates}, {"sequential", case_sequential}, {"lock", case_lock},
               {"watches", case_watches}, {"multi", case_multi}, {"multi_fails", case_multi_fails},
               {"acl", case_acl}, {"expiry", case_expiry}};
  if (argc < 4) FAIL("usage: cases <connect string> <case> <path> [session timeout in ms]");
  hosts = argv[1];
  root = argv[3];
  if (argc > 4) session_timeout_ms = atoi(argv[4]);
  zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (strcmp(cases[i].name, argv[2]) != 0) continue;
    cases[i].run();
    puts("passed");
    return 0;
  }
  FAIL("no case %s", argv[2]);
}
