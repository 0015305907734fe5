#!/usr/bin/env bash
#
# Why this file exists: operators, packages and service files start ZooKeeper with zkServer.sh. This one takes the same
# commands, variables and files and answers in the same words; the work is done by the zabkeeper command.
#
#   ZOOCFGDIR       directory of configuration files (conf/); zookeeper-env.sh and java.env there are read
#   ZOOCFG          name of the configuration file in it (zoo.cfg), or a path
#   ZOOPIDFILE      file with the process id (zookeeper_server.pid in dataDir)
#   ZOO_LOG_DIR     directory for the output of a server in the background (logs/)
#   ZOO_START_WAIT  how many seconds `start` waits for the server to serve (60)
#   ZOO_NOEXEC      if set, start-foreground keeps the shell as parent process
#   ZOO_DATADIR_AUTOCREATE_DISABLE   if set, missing data directories are not created
#   SERVER_JVMFLAGS, JVMFLAGS        -Dname=value settings; read by the server itself
#   NODE            the node executable

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

usage() {
  echo "Usage: $0 [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd} [zoo.cfg] [-Dname=value ...]" >&2
  exit 1
}

if [ "$1" = --config ]; then
  [ $# -ge 2 ] || usage
  ZOOCFGDIR=$2
  shift 2
fi
ZOOCFGDIR=${ZOOCFGDIR:-$root/conf}
for env_file in zookeeper-env.sh java.env; do
  # shellcheck source=/dev/null
  [ ! -f "$ZOOCFGDIR/$env_file" ] || . "$ZOOCFGDIR/$env_file"
done
export SERVER_JVMFLAGS JVMFLAGS

node=${NODE:-$(command -v node)}
if [ -z "$node" ]; then
  echo "Node.js was not found; install it, or name the executable in the variable NODE." >&2
  exit 1
fi
if [ ! -f "$main" ]; then
  echo "The server is not built: $main is missing. Run npm ci in $root." >&2
  exit 1
fi

command=$1
[ $# -eq 0 ] || shift

# A bare name is a file of ZOOCFGDIR; anything with a slash is a path.
ZOOCFG=${ZOOCFG:-zoo.cfg}
case ${1:--} in
  -*) ;;
  *)
    ZOOCFG=$1
    shift
    ;;
esac
case $ZOOCFG in
  */*) ;;
  *) ZOOCFG=$ZOOCFGDIR/$ZOOCFG ;;
esac

[ -z "$ZOO_DATADIR_AUTOCREATE_DISABLE" ] || set -- -Dzookeeper.datadir.autocreate=false "$@"

ZOO_LOG_DIR=${ZOO_LOG_DIR:-$root/logs}
out=$ZOO_LOG_DIR/zookeeper-${USER:-$(id -un)}-server-$HOSTNAME.out

# Sets ZOOPIDFILE, asking the configuration where dataDir is unless the operator said so. $@: flags of the server
find_pid_file() {
  local data_dir
  [ -z "$ZOOPIDFILE" ] || return 0
  data_dir=$("$node" "$main" config --get dataDir "$ZOOCFG" "$@") || exit
  ZOOPIDFILE=$data_dir/zookeeper_server.pid
}

# Whether the process of the pid file is a server, and its id in $pid. After a reboot the id may belong to any process, and
# in a container a process that ended may stay a zombie; what tells both apart from a server is the command line.
running() {
  pid=$(cat "$ZOOPIDFILE" 2>/dev/null)
  kill -0 "${pid:-none}" 2>/dev/null || return 1
  [ ! -r "/proc/$pid/cmdline" ] || tr '\0' '\n' <"/proc/$pid/cmdline" | grep -q '/src/cli/main\.js$'
}

# The sentence of the last line in the output, which may be a JSON object.
last_message() {
  tail -n 1 "$out" | sed -e 's/^{.*"msg":"\(.*\)"}$/\1/' -e 's/\\"/"/g'
}

# $@: flags of the server
start() {
  local ready waits=0 data_dir
  find_pid_file "$@"
  printf 'Starting zookeeper ... '
  if running; then
    echo "already running as process $pid."
    exit 1
  fi
  data_dir=$(dirname "$ZOOPIDFILE")
  if [ -n "$ZOO_DATADIR_AUTOCREATE_DISABLE" ] && [ ! -d "$data_dir" ]; then
    echo "FAILED TO START"
    echo "The directory $data_dir is missing; fix the path or create it." >&2
    exit 1
  fi
  if ! mkdir -p "$data_dir" "$ZOO_LOG_DIR" || ! ready=$(mktemp); then
    echo "FAILED TO START"
    exit 1
  fi

  nohup "$node" "$main" server --ready-file "$ready" "$ZOOCFG" "$@" >"$out" 2>&1 </dev/null &
  pid=$!
  if ! printf '%s' "$pid" >"$ZOOPIDFILE"; then
    echo "FAILED TO WRITE PID"
    kill "$pid"
    exit 1
  fi
  while [ ! -s "$ready" ] && [ "$waits" -lt $((${ZOO_START_WAIT:-60} * 10)) ]; do
    if ! kill -0 "$pid" 2>/dev/null; then
      rm -f "$ready" "$ZOOPIDFILE"
      echo "FAILED TO START"
      last_message >&2
      exit 1
    fi
    sleep 0.1
    waits=$((waits + 1))
  done
  if [ -s "$ready" ]; then
    echo STARTED
  else
    echo "STARTED, but it does not serve yet: $(last_message)"
  fi
  rm -f "$ready"
}

# $@: flags of the server
stop() {
  local waits=0
  find_pid_file "$@"
  printf 'Stopping zookeeper ... '
  if [ ! -f "$ZOOPIDFILE" ]; then
    echo "no zookeeper to stop (could not find file $ZOOPIDFILE)"
    return
  fi
  if ! running; then
    rm -f "$ZOOPIDFILE"
    echo "no zookeeper to stop (process $pid is not running)"
    return
  fi
  kill "$pid"
  # The server gives itself 5 seconds to close.
  while running; do
    if [ "$waits" -ge 100 ]; then
      echo "process $pid does not stop."
      exit 1
    fi
    sleep 0.1
    waits=$((waits + 1))
  done
  rm -f "$ZOOPIDFILE"
  echo STOPPED
}

case $command in
  start | start-foreground | stop | restart | status | print-cmd) echo "Using config: $ZOOCFG" >&2 ;;
esac

case $command in
  start) start "$@" ;;
  start-foreground)
    [ -n "$ZOO_NOEXEC" ] || exec "$node" "$main" server "$ZOOCFG" "$@"
    "$node" "$main" server "$ZOOCFG" "$@"
    ;;
  stop) stop "$@" ;;
  restart)
    stop "$@"
    start "$@"
    ;;
  status) exec "$node" "$main" status "$ZOOCFG" "$@" ;;
  version) exec "$node" "$main" version ;;
  print-cmd)
    printf '"%s" "%s" server "%s"' "$node" "$main" "$ZOOCFG"
    [ $# -eq 0 ] || printf ' "%s"' "$@"
    printf ' > "%s" 2>&1 < /dev/null\n' "$out"
    ;;
  *) usage ;;
esac
