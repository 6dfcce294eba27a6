#!/usr/bin/env bash
# Installs a build, moves the installed tree elsewhere, and uses it in every way that it can be used.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: tests/packaging/run.sh [BUILD]

Installs BUILD (default: build/release, which must have been built) into a temporary prefix, moves
the prefix, and checks that a small program compiles and runs
  - through pkg-config, with the shared and with the static library, in C, in C++
    and in C++ through pmkt.hpp;
  - through CMake's find_package, with pmkt::pmkt and with pmkt::pmkt_static;
  - as a plug-in: dlopen and dlclose, 1,000 times;
  - beside a zstd and an xxHash of the program's own.
TEXT
}

case "${1:-}" in
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(realpath "${1:-$root/build/release}")
here=$root/tests/packaging
cc=${CC:-cc}
cxx=${CXX:-c++}
strict=(-Wall -Wextra -Wpedantic -Werror)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "packaging: $*" >&2
    exit 1
}

[[ -f $build/cmake_install.cmake ]] || fail "$build is not a build directory; build the release preset first"

cmake --install "$build" --prefix "$work/first" >"$work/install.log" || fail "$(cat "$work/install.log")"
mv "$work/first" "$work/moved"
prefix=$work/moved

# ----------------------------------------------------------- what is installed

diff <(cd "$root/include" && find . -name '*.h' -o -name '*.hpp' | sort) \
     <(cd "$prefix/include" && find . -name '*.h' -o -name '*.hpp' | sort) ||
    fail "the installed headers are not those of include/"
if grep -rlF --include='*.pc' --include='*.cmake' -e "$work" -e "$root" -e "$build" "$prefix"; then
    fail "the files above name a directory of the machine that built them"
fi
pc=$(find "$prefix" -name pmkt.pc)
libdir=$(dirname "$(dirname "$pc")")
dynamic=$(readelf -d "$libdir/libpmkt.so")
needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic")
allowed='libc|libm|libpthread|ld-linux.*|ld-musl.*'
# Where the archive of zstd cannot become a part of libpmkt.so, its shared library is needed.
grep -q '^PMKT_ZSTD_ARCHIVE_FITS:INTERNAL=1' "$build/CMakeCache.txt" || allowed+='|libzstd'
if grep -Ev "^($allowed)\\." <<<"$needed"; then
    fail "libpmkt.so needs the libraries above at run time"
fi
if grep -E 'RPATH|RUNPATH|TEXTREL' <<<"$dynamic"; then
    fail "libpmkt.so has the dynamic entries above"
fi
grep -q 'SONAME.*\[libpmkt\.so\.0\]' <<<"$dynamic" || fail "the SONAME is not libpmkt.so.0"

# ------------------------------------------------------------------ pkg-config

export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags < <(pkg-config --cflags --libs pmkt)
read -ra static_flags < <(pkg-config --static --cflags --libs pmkt)
version=$(pkg-config --modversion pmkt)

says() {
    local said
    said=$("$@") || fail "$1 does not run"
    [[ $said == "pmkt $version: "* ]] || fail "$1 says '$said', but pkg-config says version $version"
}

"$cc" -std=c11 "${strict[@]}" "$here/consumer.c" "${flags[@]}" -o "$work/shared"
"$cxx" -std=c++17 "${strict[@]}" -x c++ "$here/consumer.c" -x none "${flags[@]}" -o "$work/shared_cxx"
"$cxx" -std=c++17 "${strict[@]}" "$here/consumer.cpp" "${flags[@]}" -o "$work/shared_hpp"
"$cc" -std=c11 "${strict[@]}" -static "$here/consumer.c" "${static_flags[@]}" -o "$work/static"
says env LD_LIBRARY_PATH="$libdir" "$work/shared"
says env LD_LIBRARY_PATH="$libdir" "$work/shared_cxx"
says env LD_LIBRARY_PATH="$libdir" "$work/shared_hpp"
says "$work/static"
dynamic=$(readelf -d "$work/static")
if grep NEEDED <<<"$dynamic"; then
    fail "the static program needs the libraries above"
fi
echo "pkg-config: shared, shared from C++ and through pmkt.hpp, static"

# ----------------------------------------------------------------------- CMake

cmake -S "$here" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DWANTED_VERSION="$version" \
    >"$work/cmake.log" 2>&1 || fail "$(cat "$work/cmake.log")"
cmake --build "$work/build" >"$work/cmake.log" 2>&1 || fail "$(cat "$work/cmake.log")"
says "$work/build/consumer_shared"
says "$work/build/consumer_static"
dynamic=$(readelf -d "$work/build/consumer_shared")
grep -q 'NEEDED.*libpmkt\.so\.0' <<<"$dynamic" || fail "pmkt::pmkt did not link the shared library"
dynamic=$(readelf -d "$work/build/consumer_static")
if grep 'NEEDED.*libpmkt' <<<"$dynamic"; then
    fail "pmkt::pmkt_static linked the shared library"
fi
echo "find_package: pmkt::pmkt, pmkt::pmkt_static"

# ---------------------------------------------------------------------- dlopen

"$cc" -std=gnu11 "${strict[@]}" -I"$prefix/include" "$here/dlopen.c" -ldl -o "$work/dlopen"
"$work/dlopen" "$libdir/libpmkt.so"

# ----------------------------------------------------------------------- clash

"$cc" -std=c11 "${strict[@]}" -rdynamic "$here/clash.c" "${flags[@]}" -o "$work/clash"
nm -D --defined-only "$work/clash" | grep -q ' T ZSTD_compressStream2$' ||
    fail "the program's own zstd cannot be seen, so that nothing was tested"
LD_LIBRARY_PATH="$libdir" "$work/clash"
LD_LIBRARY_PATH="$libdir" LD_BIND_NOW=1 "$work/clash"
echo "packaging: all good"
