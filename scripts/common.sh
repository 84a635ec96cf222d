# SPDX-License-Identifier: Apache-2.0
# Shared by ./run, ./test and .ci/run: sourced, from the top of the tree.

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# need_packages SECTION...: installs what is missing of these sections of scripts/packages, and touches apt
# only then.
need_packages() {
  local section package missing=()
  for section in "$@"; do
    while read -r package; do
      dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done < <(awk -v want="[$section]" '/^\[/ {on = ($0 == want); next} on && NF && !/^#/ {print $1}' \
      scripts/packages)
  done
  if ((${#missing[@]} == 0)); then return 0; fi
  local sudo=()
  if ((EUID != 0)); then
    sudo=(sudo)
    command -v sudo >/dev/null || die "missing packages: ${missing[*]}; install them as root"
  fi
  say "Installing ${#missing[@]} missing Debian packages: ${missing[*]}"
  # The tests start what they need themselves: a package's own service must not take its port.
  local policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e $policy ] && ((EUID == 0)); then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made_policy=1
  fi
  local result=0
  {
    "${sudo[@]}" apt-get -q update &&
      "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
        "${missing[@]}"
  } || result=$?
  if [ -n "$made_policy" ]; then rm -f $policy; fi
  ((result == 0)) || die "apt-get failed ($result): see above"
}

# build PRESET [TARGET...]: configures and builds, on all CPUs; KERNSTAT_JOBS sets another number.
build() {
  local preset=$1
  shift
  local launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  say "Configuring ($preset)"
  cmake --preset "$preset" "${launcher[@]}" --log-level=WARNING || die "cmake --preset $preset failed"
  say "Building ($preset)"
  cmake --build --preset "$preset" -j "${KERNSTAT_JOBS:-$(nproc)}" ${@:+--target "$@"} ||
    die "the $preset build failed"
}
