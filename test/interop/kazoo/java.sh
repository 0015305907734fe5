#!/bin/sh
# What kazoo's test harness finds under the name `java`.
#
# The harness writes a zoo.cfg and starts
#     java -cp <class path> -Dname=value... org.apache.zookeeper.server.quorum.QuorumPeerMain <zoo.cfg>
# keeps the pid, and ends the server with SIGTERM. So the launcher must become the server, not start it. Which
# server that is: ZK_INTEROP_SERVER, zabkeeper or apache; what it prints goes to ZK_INTEROP_SERVER_LOG.
set -eu

exec >>"$ZK_INTEROP_SERVER_LOG" 2>&1

for config; do :; done # the last argument

# Read-only mode needs sessions which only one server knows. kazoo's harness asks for them since 2.9; 2.8 does not,
# and then its read-only test fails on Apache too.
if [ "${ZOOKEEPER_CLUSTER_SIZE:-1}" -gt 1 ] && ! grep -q '^localSessionsEnabled=' "$config"; then
  printf 'localSessionsEnabled=true\nlocalSessionsUpgradingEnabled=true\n' >>"$config"
fi

if [ "$ZK_INTEROP_SERVER" = apache ]; then
  exec "$ZK_INTEROP_JAVA" -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=info -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS "$@"
fi

flags=
while [ $# -gt 0 ]; do
  case $1 in
    -cp) shift ;;
    -D*) flags="$flags $1" ;;
    org.apache.zookeeper.server.quorum.QuorumPeerMain | "$config") ;;
    *) echo "java.sh: unexpected argument $1" && exit 2 ;;
  esac
  shift
done
unset JVMFLAGS
export SERVER_JVMFLAGS="$flags"
exec "$ZK_INTEROP_ZKSERVER" start-foreground "$config"
