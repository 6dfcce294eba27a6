# shellcheck shell=bash
# Sourced by test.sh and .ci/run, from the root of the project: installs the release build into
# build/go-prefix and tells cgo and the loader where it is.

go_prefix=$PWD/build/go-prefix
[[ -f build/release/cmake_install.cmake ]] || {
    echo "bindings/go: build the release preset first: cmake --preset release && cmake --build --preset release" >&2
    exit 1
}
cmake --install build/release --prefix "$go_prefix" >/dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$go_prefix" -name pmkt.pc)")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH LD_LIBRARY_PATH

# The modules of the project, with the one that needs others last.
go_modules=(bindings/go examples/go/rfm_report examples/go/cf_recommend examples/go/live bindings/go/internal/arrowtest)
