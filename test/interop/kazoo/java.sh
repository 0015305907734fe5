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

if [ "$ZK_INTEROP_SERVER" = apache ]; then
  exec "$ZK_INTEROP_JAVA" -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn "$@"
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
