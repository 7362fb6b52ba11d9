#!/bin/sh
# Installs the real programs that the tests run against. Needs Debian and root; otherwise the tests that need a missing
# one skip and name it. Services that the packages bring are not started.
set -eu
packages=""
need() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
need gcc "gcc libc6-dev"
need promtool prometheus
need prometheus-alertmanager prometheus-alertmanager
need chromium "chromium fonts-dejavu-core"
need buildah buildah
need podman podman
need runc runc
need debootstrap debootstrap
need newuidmap uidmap
[ -n "$packages" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed (needs root on Debian), their tests skip:$packages" >&2
    exit 0
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
echo "installing:$packages"
# shellcheck disable=SC2086 # a list of words
if ! { apt-get -o DPkg::Lock::Timeout=300 -qq update && apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install $packages; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
fi
rm -f "$log"
