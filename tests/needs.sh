# shellcheck shell=bash
# Sourced by tests/run.sh and .ci/run: makes sure that Debian packages are there.
#
# Each package is known by what it gives (a command, a header), not by its name in a package database,
# so that a machine that has the thing from elsewhere installs nothing.

# at_least VERSION COMMAND...: the first version number that the command prints is no older.
at_least() {
    local wanted=$1 got
    shift
    got=$("$@" 2>/dev/null) || return 1
    [[ $got =~ [0-9]+(\.[0-9]+)+ ]] && printf '%s\n' "$wanted" "${BASH_REMATCH[0]}" | sort -V -C
}

# has PACKAGE: what the package gives is here.
has() {
    case $1 in
        build-essential) command -v "${CC:-cc}" && command -v "${CXX:-c++}" && command -v nm ;;
        cmake) at_least 3.25 cmake --version ;;
        ninja-build) command -v ninja ;;
        pkg-config) command -v pkg-config ;;
        check) pkg-config --exists check ;;
        libxxhash-dev) echo '#include <xxhash.h>' | "${CC:-cc}" -E -x c - ;;
        libzstd-dev) echo '#include <zstd.h>' | "${CC:-cc}" -E -x c - ;;
        python3) at_least 3.9 python3 --version ;;
        python3-venv) python3 -c 'import ensurepip, venv' ;;
        python3-dev)
            python3 -c 'import os, sysconfig
raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
            ;;
        valgrind | libc6-dbg) valgrind --quiet true ;; # it needs the loader's symbols
        musl-tools) command -v musl-gcc ;;
        abigail-tools) command -v abidw && command -v abidiff ;;
        locales) command -v localedef && [[ -e /usr/share/i18n/locales/de_DE ]] ;;
        clang-format) clang_format_14 --version ;;
        libclang-rt-14-dev) # what -fsanitize=fuzzer links
            [[ -e $(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer-$(uname -m).a ]] ;;
        *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

# The formatter that the sources are formatted with; others break lines elsewhere.
clang_format_14() {
    if command -v clang-format-14 >/dev/null; then
        clang-format-14 "$@"
    elif [[ $(clang-format --version) == *'version 14.'* ]]; then
        clang-format "$@"
    else
        return 127
    fi
}

# The Go that bindings/go needs; Debian 12 packages an older one.
has_go() {
    at_least 1.24 go version
}

# missing PACKAGE...: prints those that are not here.
missing() {
    local package
    for package in "$@"; do
        has "$package" || echo "$package"
    done
}

# need PACKAGE...: installs what is missing, as root on Debian or Ubuntu; else says what to do and fails.
need() {
    local -a packages
    mapfile -t packages < <(missing "$@")
    ((${#packages[@]})) || return 0
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        echo "These packages are missing: ${packages[*]}" >&2
        echo "Install them and run this again. On Debian or Ubuntu:" >&2
        echo "    sudo apt-get install --no-install-recommends ${packages[*]}" >&2
        return 1
    fi
    echo "Installing ${packages[*]}"
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${packages[@]}" >/dev/null
    mapfile -t packages < <(missing "$@")
    if ((${#packages[@]})); then
        echo "After installing, these are still not found or too old: ${packages[*]}" >&2
        return 1
    fi
}
