#!/usr/bin/env bash
#
# Why this file exists: a container is configured by its environment. This script understands the variables of Apache's
# image, so that a compose file or a manifest written for that one works with another image name. It writes zoo.cfg and
# myid unless they are there, and becomes the server.
#
#   ZOO_CONF_DIR        directory of zoo.cfg (/conf); a zoo.cfg that is there is used as it is
#   ZOO_DATA_DIR        dataDir (/data)
#   ZOO_DATA_LOG_DIR    dataLogDir (/datalog)
#   ZOO_MY_ID           the number of this server (1)
#   ZOO_SERVERS         server.N lines, separated by blanks (server.1=localhost:2888:3888;2181)
#   ZOO_TICK_TIME, ZOO_INIT_LIMIT, ZOO_SYNC_LIMIT, ZOO_MAX_CLIENT_CNXNS, ZOO_STANDALONE_ENABLED,
#   ZOO_ADMINSERVER_ENABLED, ZOO_AUTOPURGE_PURGEINTERVAL, ZOO_AUTOPURGE_SNAPRETAINCOUNT,
#   ZOO_4LW_COMMANDS_WHITELIST   the keys of zoo.cfg of these names
#   ZOO_CFG_EXTRA       more lines of zoo.cfg, separated by blanks: "globalOutstandingLimit=2000 reconfigEnabled=true"
#   SERVER_JVMFLAGS, JVMFLAGS    -Dname=value settings; read by the server itself
#
# Without arguments, or with `zkServer.sh start-foreground` as Apache's image is often told, it runs the server; with
# others it runs these.
set -euo pipefail

if [ "${1:-}" = zkServer.sh ] && [ "${2:-}" = start-foreground ]; then set --; fi
if [ $# -gt 0 ]; then exec "$@"; fi

conf_dir=${ZOO_CONF_DIR:-/conf}
data_dir=${ZOO_DATA_DIR:-/data}
data_log_dir=${ZOO_DATA_LOG_DIR:-/datalog}
cfg=$conf_dir/zoo.cfg

fail() {
  echo "$1" >&2
  exit 2
}

for directory in "$conf_dir" "$data_dir" "$data_log_dir"; do
  [ -d "$directory" ] || fail "The directory $directory does not exist; mount a volume there, or name another one (ZOO_CONF_DIR, ZOO_DATA_DIR, ZOO_DATA_LOG_DIR)."
done

# line KEY VALUE: only what is set.
line() {
  if [ -n "$2" ]; then echo "$1=$2"; fi
}

if [ ! -f "$cfg" ]; then
  [ -w "$conf_dir" ] || fail "There is no $cfg, and it cannot be written: $conf_dir is not writable for user $(id -u). Mount a zoo.cfg there, or make the directory writable."
  {
    echo "dataDir=$data_dir"
    echo "dataLogDir=$data_log_dir"
    line tickTime "${ZOO_TICK_TIME:-2000}"
    line initLimit "${ZOO_INIT_LIMIT:-5}"
    line syncLimit "${ZOO_SYNC_LIMIT:-2}"
    line autopurge.snapRetainCount "${ZOO_AUTOPURGE_SNAPRETAINCOUNT:-}"
    line autopurge.purgeInterval "${ZOO_AUTOPURGE_PURGEINTERVAL:-}"
    line maxClientCnxns "${ZOO_MAX_CLIENT_CNXNS:-60}"
    line standaloneEnabled "${ZOO_STANDALONE_ENABLED:-true}"
    line admin.enableServer "${ZOO_ADMINSERVER_ENABLED:-}"
    line 4lw.commands.whitelist "${ZOO_4LW_COMMANDS_WHITELIST:-}"
    # Words are what is wanted here: one line for each.
    # shellcheck disable=SC2086
    printf '%s\n' ${ZOO_SERVERS:-server.1=localhost:2888:3888;2181}
    # shellcheck disable=SC2086
    if [ -n "${ZOO_CFG_EXTRA:-}" ]; then printf '%s\n' ${ZOO_CFG_EXTRA}; fi
  } >"$cfg.tmp"
  mv "$cfg.tmp" "$cfg"
fi

if [ ! -f "$data_dir/myid" ]; then
  [ -w "$data_dir" ] || fail "$data_dir is not writable for user $(id -u); the volume must belong to that user (Kubernetes: fsGroup)."
  echo "${ZOO_MY_ID:-1}" >"$data_dir/myid"
fi

exec zabkeeper server "$cfg"
