/*
 * What every case of cases.c needs: checks that end the process, and a session whose events can be awaited in order.
 * Included once, so everything is static.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

#define LIMIT_S 20
#define PATH_MAX_CHARS 512
#define EVENTS_MAX 64

#define FAIL(...) (fprintf(stderr, "line %d: ", __LINE__), fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))
#define CHECK(condition) ((condition) ? (void)0 : FAIL("not true: %s", #condition))
#define OK(call) EXPECT(ZOK, call)
#define EXPECT(code, call)                                                                       \
  do {                                                                                           \
    int rc_ = (call);                                                                            \
    if (rc_ != (code)) FAIL("%s: expected %s, got %s", #call, zerror(code), zerror(rc_));        \
  } while (0)

static const char *hosts;
static const char *root;
static int session_timeout_ms = 10000;

/* One session with the events its default and explicit watchers saw, in order. */
typedef struct {
  zhandle_t *zh;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int state;
  int event_count;
  char events[EVENTS_MAX][PATH_MAX_CHARS];
} client_t;

static void on_event(zhandle_t *zh, int type, int state, const char *path, void *context) {
  client_t *client = context;
  (void)zh;
  pthread_mutex_lock(&client->mutex);
  if (type == ZOO_SESSION_EVENT) client->state = state;
  else if (client->event_count < EVENTS_MAX)
    snprintf(client->events[client->event_count++], PATH_MAX_CHARS, "%d %s", type, path);
  pthread_cond_broadcast(&client->changed);
  pthread_mutex_unlock(&client->mutex);
}

static struct timespec deadline(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_sec += LIMIT_S;
  return at;
}

static void await_state(client_t *client, int state, const char *what) {
  struct timespec until = deadline();
  pthread_mutex_lock(&client->mutex);
  while (client->state != state)
    if (pthread_cond_timedwait(&client->changed, &client->mutex, &until) == ETIMEDOUT)
      FAIL("%s: not within %d s", what, LIMIT_S);
  pthread_mutex_unlock(&client->mutex);
}

/* Waits for the next event after those already taken and compares it. */
static void take_event(client_t *client, int *taken, int type, const char *path) {
  struct timespec until = deadline();
  char expected[PATH_MAX_CHARS];
  snprintf(expected, sizeof expected, "%d %s", type, path);
  pthread_mutex_lock(&client->mutex);
  while (client->event_count <= *taken)
    if (pthread_cond_timedwait(&client->changed, &client->mutex, &until) == ETIMEDOUT)
      FAIL("no event %s within %d s", expected, LIMIT_S);
  if (strcmp(client->events[*taken], expected) != 0)
    FAIL("event %s expected, got %s", expected, client->events[*taken]);
  (*taken)++;
  pthread_mutex_unlock(&client->mutex);
}

static client_t *connect_client(void) {
  client_t *client = calloc(1, sizeof *client);
  pthread_mutex_init(&client->mutex, NULL);
  pthread_cond_init(&client->changed, NULL);
  client->zh = zookeeper_init(hosts, on_event, session_timeout_ms, NULL, client, 0);
  CHECK(client->zh != NULL);
  await_state(client, ZOO_CONNECTED_STATE, "connected");
  return client;
}

static void close_client(client_t *client) {
  OK(zookeeper_close(client->zh));
  free(client);
}

static const char *below(const char *name) {
  static __thread char buffers[8][PATH_MAX_CHARS];
  static __thread int next;
  char *buffer = buffers[next++ % 8];
  snprintf(buffer, PATH_MAX_CHARS, "%s%s", root, name);
  return buffer;
}

static int create(client_t *c, const char *path, const char *data, int mode, char *made) {
  return zoo_create(c->zh, path, data, (int)strlen(data), &ZOO_OPEN_ACL_UNSAFE, mode, made, PATH_MAX_CHARS);
}

static void expect_data(client_t *client, const char *path, const char *expected, struct Stat *stat) {
  char data[256];
  int length = sizeof data;
  OK(zoo_get(client->zh, path, 0, data, &length, stat));
  CHECK(length == (int)strlen(expected) && memcmp(data, expected, (size_t)length) == 0);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The children of `path` joined by spaces, sorted. */
static void expect_children(client_t *client, const char *path, const char *expected) {
  struct String_vector names;
  char joined[4096] = "";
  OK(zoo_get_children(client->zh, path, 0, &names));
  qsort(names.data, (size_t)names.count, sizeof *names.data, by_name);
  for (int i = 0; i < names.count; i++) {
    if (i > 0) strcat(joined, " ");
    strcat(joined, names.data[i]);
  }
  if (strcmp(joined, expected) != 0) FAIL("children of %s: [%s] expected, got [%s]", path, expected, joined);
  deallocate_String_vector(&names);
}
