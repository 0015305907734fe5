#!/usr/bin/env bash
#
# Installs what `npm run test:interop` needs from Debian (12) or a distribution with the same package names: foreign
# clients, the tools that compile and run their test programs, and Apache's server, against which the tests are proved.
#
# Installs only what is missing, so it may run any number of times. Needs root, or sudo.
set -euo pipefail

packages=(
  zookeeper          # zkCli.sh, and with libzookeeper-java the server
  zookeeper-bin      # cli_mt
  libzookeeper-mt-dev
  python3-kazoo      # with its own test suite
  python3-pytest     # runs it
  python3-mock       # imported by it
  python3-objgraph
  python3-pure-sasl  # without the next three it skips tests
  python3-gevent
  python3-eventlet
  libcurator-client-java
  libcurator-framework-java
  libcurator-recipes-java
  libslf4j-java      # makes Apache's log visible
  netcat-openbsd
  libservlet-api-java  # without it Apache's server has no admin server
  prometheus         # promtool, which reads what /metrics says and checks the alerts
)
[ -x /usr/bin/gcc ] || packages+=(gcc libc6-dev)
[ -x /usr/bin/javac ] || packages+=(default-jdk-headless)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = 'install ok installed' ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo 'All foreign clients are installed.'
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Run this as root: ${missing[*]} must be installed." >&2; exit 1; }
  as_root=(sudo)
fi
install_packages() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# The lists of packages may be absent (a fresh container) or old (a version that is no longer served): only then is
# the network asked for new ones.
echo "Installing ${missing[*]}"
if ! install_packages "${missing[@]}"; then
  "${as_root[@]}" apt-get update
  install_packages "${missing[@]}"
fi

# The package of the server may bring a service which starts at boot and takes port 2181.
if command -v systemctl >/dev/null && systemctl is-active --quiet zookeeper 2>/dev/null; then
  echo 'Note: the zookeeper service is running and holds port 2181; the tests do not need it.' >&2
fi
