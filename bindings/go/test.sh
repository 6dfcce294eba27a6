#!/usr/bin/env bash
# Runs the Go tests: of the binding, of the example programs, and with arrow-go. See --help.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: bindings/go/test.sh [--help] [--junit FILE] [FLAG...]

Installs build/release, which must have been built, into build/go-prefix, and runs the Go tests on it;
FLAGs go to go test, such as -race or -tags pmkt_static.

  --junit FILE  also writes what passed and failed as a JUnit report

The tests with arrow-go need its modules, which go fetches once. Where it cannot, they say so and are
left out, or fail if CI=true. Environment: PMKT_DATA, PMKT_TEST_SCALE, CI as for tests/run.sh.
TEXT
}

junit=
while (($#)); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --junit) junit=$(realpath -m "$2"); shift 2 ;;
        *) break ;;
    esac
done

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=bindings/go/env.sh
source bindings/go/env.sh

if [[ $junit ]]; then mkdir -p "$(dirname "$junit")"; fi

has_modules() {
    (cd "$1" && go mod download 2>/dev/null) && return
    if [[ ${CI:-} == true ]]; then
        echo "$1: go cannot fetch the modules that it needs" >&2
    else
        echo "$1: left out, for go cannot fetch the modules that it needs" >&2
    fi
    return 1
}

run() {
    local module status=0
    for module in "${go_modules[@]}"; do
        if ! has_modules "$module"; then
            if [[ ${CI:-} == true ]]; then status=1; fi
            continue
        fi
        (cd "$module" && go test -timeout 20m -json "$@" ./...) || status=1
    done
    return "$status"
}

run "$@" | python3 bindings/go/junit.py ${junit:+"$junit"}
