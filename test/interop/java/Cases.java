/*
 * The cases of curator.interop.ts: what an application does with Curator, one case per process.
 *
 *     Cases <connect string> <case> <path> [session timeout in ms]
 *
 * Each case works below <path>, ends with an exception at the first surprise and prints `passed` at the end.
 */
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.CuratorWatcher;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;

public final class Cases {
  private static final int LIMIT_S = 20;
  private static String hosts;
  private static String root;
  private static int sessionTimeoutMs = 10_000;

  private interface Action {
    void run() throws Exception;
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  public static void main(String[] args) throws Exception {
    hosts = args[0];
    root = args[2];
    if (args.length > 3) sessionTimeoutMs = Integer.parseInt(args[3]);
    Map<String, Action> cases =
        Map.ofEntries(
            Map.entry("creates", Cases::creates),
            Map.entry("sequential", Cases::sequential),
            Map.entry("mutex", Cases::mutex),
            Map.entry("latch", Cases::latch),
            Map.entry("watches", Cases::watches),
            Map.entry("cache", Cases::cache),
            Map.entry("persistent_node", Cases::persistentNode),
            Map.entry("multi", Cases::multi),
            Map.entry("multi_fails", Cases::multiFails),
            Map.entry("acl", Cases::acl),
            Map.entry("expiry", Cases::expiry));
    cases.get(args[1]).run();
    System.out.println("passed");
    System.exit(0);
  }

  private static void creates() throws Exception {
    try (CuratorFramework client = connect()) {
      check(root.equals(client.create().forPath(root, bytes("root"))));
      Stat created = new Stat();
      client.create().storingStatIn(created).creatingParentsIfNeeded().forPath(root + "/x/y", bytes("one"));
      Stat read = new Stat();
      check("one".equals(text(client.getData().storingStatIn(read).forPath(root + "/x/y"))));
      same(created, read);
      check(read.getVersion() == 0 && read.getCversion() == 0 && read.getDataLength() == 3);
      Stat changed = client.setData().withVersion(0).forPath(root + "/x/y", bytes("three"));
      check(changed.getVersion() == 1 && changed.getMzxid() > changed.getCzxid());
      client.create().withMode(CreateMode.CONTAINER).forPath(root + "/container");
      client.create().withTtl(60_000).withMode(CreateMode.PERSISTENT_WITH_TTL).forPath(root + "/ttl");
      client.create().withMode(CreateMode.EPHEMERAL).forPath(root + "/e");

      refused(Code.NODEEXISTS, () -> client.create().forPath(root));
      refused(Code.NONODE, () -> client.create().forPath(root + "/none/child"));
      refused(Code.NONODE, () -> client.getData().forPath(root + "/none"));
      refused(Code.BADVERSION, () -> client.setData().withVersion(7).forPath(root));
      refused(Code.BADVERSION, () -> client.delete().withVersion(7).forPath(root + "/ttl"));
      refused(Code.NOTEMPTY, () -> client.delete().forPath(root));
      refused(Code.NOCHILDRENFOREPHEMERALS, () -> client.create().forPath(root + "/e/child"));

      same(List.of("container", "e", "ttl", "x"), children(client, root));
      client.sync().forPath(root);
      client.delete().deletingChildrenIfNeeded().forPath(root + "/x");
      check(client.checkExists().forPath(root + "/x") == null);
    }
  }

  private static void sequential() throws Exception {
    try (CuratorFramework observer = connect()) {
      observer.create().forPath(root);
      try (CuratorFramework owner = connect()) {
        for (int number = 0; number < 6; number++) {
          CuratorFramework client = number % 2 == 0 ? owner : observer;
          String path = client.create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath(root + "/n-");
          same(String.format("%s/n-%010d", root, number), path);
          long session = client.getZookeeperClient().getZooKeeper().getSessionId();
          check(observer.checkExists().forPath(path).getEphemeralOwner() == session);
        }
      }
      same(List.of("n-0000000001", "n-0000000003", "n-0000000005"), children(observer, root));
      same(
          root + "/n-0000000006",
          observer.create().withMode(CreateMode.PERSISTENT_SEQUENTIAL).forPath(root + "/n-"));
    }
  }

  private static void mutex() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicInteger holders = new AtomicInteger();
    try (CuratorFramework observer = connect()) {
      observer.create().forPath(root, bytes("0"));
      List<Future<Void>> contenders = new ArrayList<>();
      for (int number = 0; number < 4; number++) {
        contenders.add(
            threads.submit(
                () -> {
                  try (CuratorFramework client = connect()) {
                    InterProcessMutex mutex = new InterProcessMutex(client, root + "/lock");
                    for (int round = 0; round < 5; round++) {
                      check(mutex.acquire(LIMIT_S, TimeUnit.SECONDS));
                      check(holders.incrementAndGet() == 1);
                      // Not atomic on purpose: it loses an increment when two hold the lock.
                      int value = Integer.parseInt(text(client.getData().forPath(root)));
                      client.setData().forPath(root, bytes(String.valueOf(value + 1)));
                      holders.decrementAndGet();
                      mutex.release();
                    }
                  }
                  return null;
                }));
      }
      for (Future<Void> contender : contenders) contender.get(LIMIT_S, TimeUnit.SECONDS);
      same("20", text(observer.getData().forPath(root)));
    }
  }

  private static void latch() throws Exception {
    try (CuratorFramework one = connect(); CuratorFramework two = connect()) {
      LeaderLatch first = new LeaderLatch(one, root, "first");
      LeaderLatch second = new LeaderLatch(two, root, "second");
      first.start();
      check(first.await(LIMIT_S, TimeUnit.SECONDS));
      second.start();
      eventually("both take part", () -> second.getParticipants().size() == 2);
      same("first", second.getLeader().getId());
      check(!second.hasLeadership());
      first.close();
      check(second.await(LIMIT_S, TimeUnit.SECONDS));
      same("second", second.getLeader().getId());
      second.close();
    }
  }

  private static void watches() throws Exception {
    try (CuratorFramework client = connect(); CuratorFramework other = connect()) {
      BlockingQueue<String> events = new LinkedBlockingQueue<>();
      CuratorWatcher watcher = event -> events.add(event.getType() + " " + event.getPath());
      String node = root + "/w";
      other.create().forPath(root);
      check(client.checkExists().usingWatcher(watcher).forPath(node) == null);
      client.getChildren().usingWatcher(watcher).forPath(root);
      other.create().forPath(node);
      same("NodeCreated " + node, events.poll(LIMIT_S, TimeUnit.SECONDS));
      same("NodeChildrenChanged " + root, events.poll(LIMIT_S, TimeUnit.SECONDS));
      client.getData().usingWatcher(watcher).forPath(node);
      other.setData().forPath(node, bytes("a"));
      same("NodeDataChanged " + node, events.poll(LIMIT_S, TimeUnit.SECONDS));
      other.setData().forPath(node, bytes("b"));
      client.sync().forPath(node);
      client.getData().usingWatcher(watcher).forPath(node);
      other.delete().forPath(node);
      same("NodeDeleted " + node, events.poll(LIMIT_S, TimeUnit.SECONDS));
      check(events.isEmpty());
      client.getData().usingWatcher(watcher).forPath(root);
      client.watches().remove(watcher).forPath(root);
      same("DataWatchRemoved " + root, events.poll(LIMIT_S, TimeUnit.SECONDS));
      refused(Code.NOWATCHER, () -> client.watches().remove(watcher).forPath(root));
    }
  }

  /** CuratorCache lives on a persistent recursive watch. */
  private static void cache() throws Exception {
    try (CuratorFramework client = connect(); CuratorFramework other = connect()) {
      other.create().forPath(root, bytes("root"));
      other.create().forPath(root + "/before", bytes("1"));
      Map<String, String> mirror = new ConcurrentHashMap<>();
      CountDownLatch initialized = new CountDownLatch(1);
      try (CuratorCache cache = CuratorCache.build(client, root)) {
        cache
            .listenable()
            .addListener(
                CuratorCacheListener.builder()
                    .forCreates(node -> mirror.put(node.getPath(), text(node.getData())))
                    .forChanges((old, node) -> mirror.put(node.getPath(), text(node.getData())))
                    .forDeletes(node -> mirror.remove(node.getPath()))
                    .forInitialized(initialized::countDown)
                    .build());
        cache.start();
        check(initialized.await(LIMIT_S, TimeUnit.SECONDS));
        same(Map.of(root, "root", root + "/before", "1"), mirror);
        other.create().forPath(root + "/a", bytes("a"));
        other.create().forPath(root + "/a/b", bytes("b"));
        other.setData().forPath(root + "/a/b", bytes("bb"));
        other.delete().forPath(root + "/before");
        Map<String, String> expected = Map.of(root, "root", root + "/a", "a", root + "/a/b", "bb");
        eventually("the cache follows " + expected, () -> mirror.equals(expected));
      }
    }
  }

  /** PersistentNode makes its ephemeral again when the session that owned it is gone. */
  private static void persistentNode() throws Exception {
    try (CuratorFramework client = connect(); CuratorFramework other = connect()) {
      try (PersistentNode node = new PersistentNode(client, CreateMode.EPHEMERAL, false, root, bytes("me"))) {
        node.start();
        check(node.waitForInitialCreate(LIMIT_S, TimeUnit.SECONDS));
        long owner = other.checkExists().forPath(root).getEphemeralOwner();
        ZooKeeper zooKeeper = client.getZookeeperClient().getZooKeeper();
        check(owner == zooKeeper.getSessionId());
        // Whoever knows id and password may take a session over, and close it.
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper thief =
            new ZooKeeper(
                hosts, sessionTimeoutMs, event -> connected.countDown(), owner, zooKeeper.getSessionPasswd());
        check(connected.await(LIMIT_S, TimeUnit.SECONDS));
        thief.close();
        eventually(
            "the znode belongs to a new session",
            () -> {
              Stat stat = other.checkExists().forPath(root);
              return stat != null && stat.getEphemeralOwner() != owner;
            });
        same("me", text(other.getData().forPath(root)));
        other.delete().forPath(root);
        eventually("the deleted znode returns", () -> other.checkExists().forPath(root) != null);
      }
      eventually("closing removes the znode", () -> other.checkExists().forPath(root) == null);
    }
  }

  private static void multi() throws Exception {
    try (CuratorFramework client = connect()) {
      client.create().forPath(root, bytes("x"));
      List<CuratorTransactionResult> results =
          client
              .transaction()
              .forOperations(
                  client.transactionOp().check().withVersion(0).forPath(root),
                  client.transactionOp().create().forPath(root + "/a", bytes("a")),
                  client.transactionOp().create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath(root + "/n-"),
                  client.transactionOp().setData().withVersion(0).forPath(root + "/a", bytes("aa")),
                  client.transactionOp().create().forPath(root + "/gone"),
                  client.transactionOp().delete().withVersion(0).forPath(root + "/gone"));
      for (CuratorTransactionResult result : results) check(result.getError() == 0);
      same(root + "/a", results.get(1).getResultPath());
      same(root + "/n-0000000001", results.get(2).getResultPath());
      check(results.get(3).getResultStat().getVersion() == 1);
      Stat stat = new Stat();
      same("aa", text(client.getData().storingStatIn(stat).forPath(root + "/a")));
      check(stat.getCzxid() == stat.getMzxid());
      same(List.of("a", "n-0000000001"), children(client, root));
    }
  }

  private static void multiFails() throws Exception {
    try (CuratorFramework client = connect()) {
      client.create().forPath(root);
      try {
        client
            .transaction()
            .forOperations(
                client.transactionOp().create().forPath(root + "/a"),
                client.transactionOp().setData().withVersion(42).forPath(root),
                client.transactionOp().delete().forPath(root));
        throw new AssertionError("the multi was not refused");
      } catch (KeeperException.BadVersionException error) {
        List<Integer> codes = new ArrayList<>();
        for (OpResult result : error.getResults()) codes.add(((OpResult.ErrorResult) result).getErr());
        same(List.of(0, Code.BADVERSION.intValue(), Code.RUNTIMEINCONSISTENCY.intValue()), codes);
      }
      same(List.of(), children(client, root));
    }
  }

  private static void acl() throws Exception {
    try (CuratorFramework alice = connect("alice:secret");
        CuratorFramework mallory = connect();
        CuratorFramework wrong = connect("alice:wrong")) {
      alice.create().withACL(ZooDefs.Ids.CREATOR_ALL_ACL).forPath(root, bytes("private"));
      // base64(sha1("alice:secret"))
      ACL mine = new ACL(ZooDefs.Perms.ALL, new Id("digest", "alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E="));
      same(List.of(mine), alice.getACL().forPath(root));
      for (CuratorFramework stranger : List.of(mallory, wrong)) {
        refused(Code.NOAUTH, () -> stranger.getData().forPath(root));
        refused(Code.NOAUTH, () -> stranger.create().forPath(root + "/child"));
        refused(Code.NOAUTH, () -> stranger.setACL().withACL(ZooDefs.Ids.OPEN_ACL_UNSAFE).forPath(root));
      }
      List<ACL> unknown = List.of(new ACL(ZooDefs.Perms.ALL, new Id("nosuch", "x")));
      refused(Code.INVALIDACL, () -> mallory.create().withACL(unknown).forPath(root + "-2"));
      ACL readable = new ACL(ZooDefs.Perms.READ, ZooDefs.Ids.ANYONE_ID_UNSAFE);
      Stat stat = alice.setACL().withVersion(0).withACL(List.of(mine, readable)).forPath(root);
      check(stat.getAversion() == 1 && stat.getVersion() == 0);
      same("private", text(mallory.getData().forPath(root)));
      refused(Code.NOAUTH, () -> mallory.setData().forPath(root, bytes("x")));
      alice.setData().forPath(root, bytes("shared"));
    }
  }

  private static void expiry() throws Exception {
    try (CuratorFramework client = connect()) {
      BlockingQueue<ConnectionState> states = new LinkedBlockingQueue<>();
      client.getConnectionStateListenable().addListener((self, state) -> states.add(state));
      long session = client.getZookeeperClient().getZooKeeper().getSessionId();
      check(client.getZookeeperClient().getZooKeeper().getSessionTimeout() == sessionTimeoutMs);
      client.create().withMode(CreateMode.EPHEMERAL).forPath(root);
      System.out.println("ready " + root);
      List<ConnectionState> seen = new ArrayList<>();
      while (!seen.contains(ConnectionState.RECONNECTED)) {
        ConnectionState state = states.poll(LIMIT_S, TimeUnit.SECONDS);
        check(state != null);
        seen.add(state);
      }
      check(seen.contains(ConnectionState.LOST));
      check(client.getZookeeperClient().getZooKeeper().getSessionId() != session);
      check(client.checkExists().forPath(root) == null);
    }
  }

  private static CuratorFramework connect(String... digests) throws Exception {
    var builder =
        CuratorFrameworkFactory.builder()
            .connectString(hosts)
            .sessionTimeoutMs(sessionTimeoutMs)
            .connectionTimeoutMs(LIMIT_S * 1000)
            .retryPolicy(new RetryNTimes(3, 100));
    for (String digest : digests) builder.authorization("digest", bytes(digest));
    CuratorFramework client = builder.build();
    client.start();
    check(client.blockUntilConnected(LIMIT_S, TimeUnit.SECONDS));
    return client;
  }

  private static List<String> children(CuratorFramework client, String path) throws Exception {
    List<String> names = new ArrayList<>(client.getChildren().forPath(path));
    Collections.sort(names);
    return names;
  }

  private static void refused(Code code, Action action) throws Exception {
    try {
      action.run();
    } catch (KeeperException error) {
      same(code, error.code());
      return;
    }
    throw new AssertionError(code + " expected");
  }

  private static void eventually(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) throw new AssertionError(what + ": not within " + LIMIT_S + " s");
      Thread.sleep(20);
    }
  }

  private static void check(boolean condition) {
    if (!condition) throw new AssertionError("not true");
  }

  private static void same(Object expected, Object actual) {
    if (!expected.equals(actual)) throw new AssertionError("expected " + expected + ", got " + actual);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
