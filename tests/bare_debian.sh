#!/usr/bin/env bash
# bare_debian.sh [COMMAND [ARGUMENT...]]: what a newcomer meets. Makes a bare Debian 12 (only what apt
# needs, and git) in a temporary folder, clones the last commit of this checkout into it, runs COMMAND
# there as root (./run test unless given) and ends with its exit code.
#
#   sudo tests/bare_debian.sh
#   sudo tests/bare_debian.sh ./run table6
#
# Needs root, the package debootstrap and 2 GB under TMPDIR. Packages come from where the machine's own
# apt takes them. With BARE_DEBIAN=DIR the system is made in DIR and stays there to be looked at; made
# once, it is used again as it then is, with a new clone.
set -euo pipefail
unset CDPATH

die() { printf 'bare_debian.sh: %s\n' "$*" >&2; exit 1; }
[[ $EUID -eq 0 ]] || die "only root can make a system to chroot into"
command -v debootstrap >/dev/null || die "please install debootstrap"
[[ $# -gt 0 ]] || set -- ./run test

checkout=$(git -C "$(dirname "$(readlink -f "$0")")" rev-parse --show-toplevel)
if [[ -n ${BARE_DEBIAN-} ]]; then
  system=$BARE_DEBIAN
  mkdir -p "$system"
else
  system=$(mktemp -d)
  trap 'rm -rf --one-file-system "$system"' EXIT
fi

chmod 755 "$system"  # apt's own user has to pass

# The sources, keys, passwords and proxies of the machine's apt, but none of its hooks.
take_apt_settings() {
  local part
  rm "$system/etc/apt/sources.list"
  for part in sources.list sources.list.d trusted.gpg trusted.gpg.d keyrings auth.conf auth.conf.d; do
    [[ ! -e /etc/apt/$part ]] || cp -a "/etc/apt/$part" "$system/etc/apt/"
  done
  mkdir -p "$system/usr/share/keyrings"
  cp -a /usr/share/keyrings/. "$system/usr/share/keyrings/"
  apt-config dump Acquire >"$system/etc/apt/apt.conf.d/90acquire"
}

if [[ ! -e $system/etc/debian_version ]]; then
  # shellcheck disable=SC2016  # apt fills it in
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
  export http_proxy=${http_proxy-} https_proxy=${https_proxy-}
  include=git
  [[ $mirror != https:* ]] || include+=,ca-certificates
  debootstrap --variant=minbase --include="$include" bookworm "$system" ${mirror:+"$mirror"}
  [[ -z $mirror ]] || take_apt_settings  # empty on a machine that is no Debian 12
  cp -L /etc/resolv.conf /etc/hosts "$system/etc/"
fi
rm -rf --one-file-system "$system/srv/lowrank"
git clone --quiet --no-hardlinks "$checkout" "$system/srv/lowrank"

# The mounts live in a namespace of their own and end with it.
# shellcheck disable=SC2016  # the shell in the namespace fills it in
inside='
  mount -t proc proc "$0/proc" && mount -t sysfs sysfs "$0/sys"
  exec chroot "$0" env -i HOME=/root TERM="${TERM-dumb}" LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    bash -c "cd /srv/lowrank && exec \"\$@\"" bash "$@"'
unshare --mount --pid --fork bash -c "$inside" "$system" "$@"
