#!/usr/bin/env bash
#
# Why this file exists: people and scripts talk to ZooKeeper with zkCli.sh. This one takes the same options and commands and
# answers in the same words; the work is done by `zabkeeper cli`.
#
#   ZOOCFGDIR                  directory of configuration files (conf/); zookeeper-env.sh and java.env there are read
#   CLIENT_JVMFLAGS, JVMFLAGS  -Dname=value settings, such as java.security.auth.login.config for SASL
#   NODE                       the node executable

self=${BASH_SOURCE[0]}
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
root=$(cd "$(dirname "$self")/.." && pwd -P)
main=$root/dist/src/cli/main.js

ZOOCFGDIR=${ZOOCFGDIR:-$root/conf}
for env_file in zookeeper-env.sh java.env; do
  # shellcheck source=/dev/null
  [ ! -f "$ZOOCFGDIR/$env_file" ] || . "$ZOOCFGDIR/$env_file"
done
export CLIENT_JVMFLAGS JVMFLAGS

node=${NODE:-$(command -v node)}
if [ -z "$node" ]; then
  echo "Node.js was not found; install it, or name the executable in the variable NODE." >&2
  exit 1
fi
if [ ! -f "$main" ]; then
  echo "The shell is not built: $main is missing. Run npm ci in $root." >&2
  exit 1
fi

exec "$node" "$main" cli "$@"
