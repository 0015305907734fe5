import java.io.FileInputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;

/**
 * Apache's client over TLS: what tls.interop.ts asks of it.
 *
 * <pre>Secure {connect string} {path} {certificate in PEM}</pre>
 *
 * The key stores are system properties, as everywhere with this client. It creates a znode below an access list of the
 * certificate's own subject, as Java writes it, and prints `passed` when it alone may read it; `refused` when there was no
 * connection.
 */
final class Secure {
    private static final int TIMEOUT_MS = 10_000;

    private Secure() {
    }

    public static void main(String[] args) throws Exception {
        String path = args[1];
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper zk = new ZooKeeper(args[0], TIMEOUT_MS, event -> {
            if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
            }
        });
        if (!connected.await(TIMEOUT_MS, TimeUnit.MILLISECONDS)) {
            System.out.println("refused");
            System.exit(0);
        }
        String subject;
        try (FileInputStream in = new FileInputStream(args[2])) {
            X509Certificate certificate =
                (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            subject = certificate.getSubjectX500Principal().getName();
        }
        check(zk.whoAmI().contains(new ClientInfo("x509", subject)), "whoAmI: " + zk.whoAmI() + ", not " + subject);
        zk.create(path, "mine".getBytes(), ZooDefs.Ids.CREATOR_ALL_ACL, CreateMode.PERSISTENT);
        List<ACL> acl = zk.getACL(path, new Stat());
        check(acl.equals(List.of(new ACL(ZooDefs.Perms.ALL, new Id("x509", subject)))), "acl: " + acl);
        zk.setACL(path, Arrays.asList(new ACL(ZooDefs.Perms.ALL, new Id("x509", subject))), -1);
        check("mine".equals(new String(zk.getData(path, false, null))), "data");
        zk.create(path + "-other", new byte[0],
                Arrays.asList(new ACL(ZooDefs.Perms.ALL, new Id("x509", "CN=nobody"))),
            CreateMode.PERSISTENT);
        try {
            zk.getData(path + "-other", false, null);
            check(false, "the znode of somebody else was read");
        } catch (KeeperException.NoAuthException expected) {
            // It belongs to another subject.
        }
        zk.close();
        System.out.println("passed");
        System.exit(0);
    }

    private static void check(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException(what);
        }
    }
}
