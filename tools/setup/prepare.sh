# Gets this clone ready to run: installs or checks packages, configures and builds under a lock.
# Sourced by tools/bcsim and tools/test, which set $program (for messages) and $root first. All
# it says goes to stderr. Exit codes: 70 cannot set up or build, 74 cannot write, 130 interrupted.
# shellcheck shell=bash disable=SC2154  # $program and $root are the caller's

compiler=${CXX:-g++}
compiler=${compiler##* }  # "ccache g++" is g++

say() { printf '%s: %s\n' "$program" "$*" >&2; }

die() {
  local code=$1
  shift
  say "$@"
  exit "$code"
}

on_interrupt() {
  printf '\n' >&2
  say "interrupted; what was built so far is kept"
  exit 130
}
trap on_interrupt INT

# --- The build directory: is it current, and one process at a time in it ---

use_build_directory() {
  build=$1
  stamp=$build/.built  # as old as the start of the last good build
  log=$build/setup.log
}

# True if the binary is there and no source is newer than the start of its build. Directories
# count too, so a deleted file is seen, and so does a change of commit, which the binary names.
build_is_current() {
  [[ -x $build/bcsim && -e $stamp ]] || return 1
  local inputs=("$root"/{CMakeLists.txt,sim,models,tools}) newer
  [[ -e $root/.git/logs/HEAD ]] && inputs+=("$root/.git/logs/HEAD")
  newer=$(find "${inputs[@]}" -newer "$stamp" -print -quit 2>&1) && [[ -z $newer ]]
}

lock_build_directory() {
  if ! mkdir -p "$build" 2>/dev/null || ! { : >>"$build/.lock"; } 2>/dev/null; then
    explain_no_space "$root"
    die 74 "cannot write to the build directory $build. Make it writable, or name another with" \
      "BCSIM_BUILD_DIR=/some/directory."
  fi
  exec 9>>"$build/.lock"
  if ! flock --nonblock 9; then
    say "another call is setting up or building; waiting for it"
    flock 9
  fi
  : >"$log"
}

unlock_build_directory() { exec 9>&-; }

# Runs a command with its output added to the log; a terminal also sees its latest line.
logged() {
  local command=(env -u CXXFLAGS -u CPPFLAGS -u LDFLAGS LC_ALL=C.UTF-8 "$@") line status
  if [[ ! -t 2 ]]; then
    "${command[@]}" </dev/null >>"$log" 2>&1
    return
  fi
  "${command[@]}" </dev/null 2>&1 | tee -a "$log" | while IFS= read -r line; do
    printf '\r\e[K%.79s' "$line"
  done >&2
  status=${PIPESTATUS[0]}
  printf '\r\e[K' >&2
  return "$status"
}

# Exits 74 if one of the directories given is on a full file system.
explain_no_space() {
  local directory kib
  for directory; do
    kib=$(df --output=avail "$directory" 2>/dev/null | tail -n 1)
    if [[ -n $kib ]] && ((kib < 1024)); then
      die 74 "no space left on the file system of $directory. Make room and call again; what was" \
        "built so far is kept."
    fi
  done
}

# --- Packages ---

on_debian_12() (
  # shellcheck source=/dev/null
  . /etc/os-release 2>/dev/null && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]]
)

# Splits a row of packages.sh into $package, $kind, $name and $least.
read_row() {
  local check
  IFS='|' read -r package check least <<<"${1// /}"
  kind=${check%%:*} name=${check#*:}
  [[ $name != g++ ]] || name=$compiler
}

tool_version() {
  local option=--version
  [[ $1 != "$compiler" ]] || option=-dumpfullversion
  "$1" $option 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9][0-9.]*\).*/\1/p'
}

# Succeeds if what the row set by read_row asks for is there; else prints what was found.
check_row() {
  local have="" found=0
  case $kind in
    tool) command -v "$name" >/dev/null && { [[ -z $least ]] || have=$(tool_version "$name"); } ;;
    module) have=$(pkg-config --modversion "$name" 2>/dev/null) ;;
    header) "$compiler" -std=c++20 -E -x c++ - <<<"#include <$name>" &>/dev/null ;;
  esac || found=$?
  if ((found != 0)); then
    echo "not found"
    return 1
  fi
  [[ -z $least ]] || printf '%s\n' "$least" "$have" | sort -V -C ||
    { echo "found ${have:-an unknown version}" && return 1; }
}

# Prints the rows, of those given, whose need is not met.
rows_not_met() {
  local row package kind name least
  for row; do
    read_row "$row"
    check_row >/dev/null || printf '%s\n' "$row"
  done
}

# Prints the rows, of those given, whose Debian package is not installed.
rows_not_installed() {
  local row package kind name least installed
  installed=$(dpkg-query --show --showformat='${db:Status-Status}:${Package}\n' 2>/dev/null)
  for row; do
    read_row "$row"
    grep -qxF "installed:$package" <<<"$installed" || printf '%s\n' "$row"
  done
}

# Sees to it that every row given is met: by apt on Debian 12, else by saying what is missing.
prepare_packages() {
  local missing=("$@")
  if on_debian_12; then
    mapfile -t missing < <(rows_not_installed "$@")
    ((${#missing[@]} > 0)) || return 0
  fi
  # What was installed by other means than a package serves as well.
  mapfile -t missing < <(rows_not_met "${missing[@]}")
  if ((${#missing[@]} == 0)); then
    return
  elif on_debian_12; then
    install_packages "${missing[@]}"
  else
    report_missing "${missing[@]}"
  fi
}

report_missing() {
  local row package kind name least
  say "this is not Debian 12, so nothing is installed for you. Missing or too old:"
  for row; do
    read_row "$row"
    printf '  %-34s %-22s (Debian: %s)\n' "$name${least:+ >= $least}" "$(check_row)" "$package" >&2
  done
  exit 70
}

install_packages() {
  local row package kind name least packages=() as_root=()
  for row; do
    read_row "$row"
    packages+=("$package")
  done
  local by_hand="apt-get update && apt-get install --yes --no-install-recommends ${packages[*]}"
  if ((EUID != 0)); then
    if ! sudo -n env true &>/dev/null; then
      say "these packages are missing, and installing them needs root: ${packages[*]}"
      die 70 "as root, run this, then call again:  $by_hand"
    fi
    as_root=(sudo -n)
  fi
  say "installing ${#packages[@]} Debian packages (only once): ${packages[*]}"
  # A service that a package starts must not inherit our lock.
  if ! run_apt "${packages[@]}" 9>&-; then
    grep -E '^(E|W|Err)[:0-9]' "$log" | head -n 12 >&2
    explain_no_space "$build" /var/cache/apt /usr
    say "the packages could not be installed (full log: $log)"
    die 70 "when the cause is mended, call again, or as root run:  $by_hand"
  fi
}

# Runs apt-get without a question, waiting for other users of apt: a fresh machine has some.
run_apt() {
  local attempt
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2)
  for attempt in 1 2 3 4 5 6; do
    # A dpkg that was interrupted refuses everything until it has been told to go on.
    [[ -z $(ls /var/lib/dpkg/updates 2>/dev/null) ]] ||
      logged "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive dpkg --configure --pending
    # One dead source must not stop us: whether it matters, the install will tell.
    logged "${apt[@]}" update
    logged "${apt[@]}" install --yes --no-install-recommends "$@" && return
    tail -n 5 "$log" | grep -qE 'Could not get lock|Unable to (acquire|lock)' || return 1
    ((attempt > 1)) || say "another process is using apt; waiting for it"
    sleep 10
  done
  return 1
}

# --- Configuring and building ---

# True if the build directory is a finished configuration of this very place.
is_configured() {
  [[ -e $build/build.ninja ]] &&
    grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"
}

configure() {
  local options=(-S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@")
  # Another compiler may know warnings that ours does not: no reason to refuse to build.
  on_debian_12 || options+=(-DCMAKE_COMPILE_WARNING_AS_ERROR=OFF)
  # Leftovers of another place, generator or compiler.
  is_configured || options+=(--fresh "-DCMAKE_CXX_COMPILER=$compiler")
  logged cmake "${options[@]}" || fail_build "configuring"
}

# Builds the targets given, one job a core. The stamp bears the time of the start, so that what
# is edited during the build is built by the next call.
build_targets() {
  touch "$build/.building" 2>/dev/null || fail_build "building"
  logged ninja -C "$build" -j "$(nproc)" "$@" || fail_build "building"
  mv -f "$build/.building" "$stamp"
}

fail_build() {
  # The first thing that failed, not what the other jobs said after it.
  sed -n '/^FAILED:/,$p' "$log" | head -n 40 | grep . >&2 || tail -n 30 "$log" >&2
  if grep -q 'No space left on device' "$log"; then
    die 74 "$1 failed: no space left for $build. Make room and call again; what was built so far" \
      "is kept."
  fi
  explain_no_space "$build" "${TMPDIR:-/tmp}"
  if grep -q 'Killed signal terminated program' "$log"; then
    say "the compiler was killed, probably for want of memory"
  fi
  die 70 "$1 failed (full log: $log)"
}
