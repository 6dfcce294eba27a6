#!/usr/bin/env bash
# Runs every test of the project: C, Python, Go, and the examples. See --help.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: tests/run.sh [--quick] [--help]

Builds the release preset into build/release and runs all tests:
  1. the C tests (ctest);
  2. the Python tests (pytest), on the package as pip installs it into build/venv;
  3. the Go tests (bindings/go/test.sh), where there is Go 1.24 or newer; if CI=true it must be there;
  4. examples/run.sh without arguments, which must succeed.
The last line says how many passed and failed; a C test program, a Python test, a Go test and the run
of the examples count as one each. The exit status is 0 only if nothing failed.

  --quick   only the C tests, on small data: for while you type

Missing tools are installed with apt-get if you are root on Debian or Ubuntu; else their names are
printed. Nothing is installed outside of build/ otherwise. Run it as often as you like.

Environment:
  PMKT_DATA        where the large test data is (default: ../shared/data beside the project); tests
                   that do not find theirs say so and are skipped, or fail if CI=true
  PMKT_TEST_SCALE  small: heavy tests use less data
  CC, CXX          the compilers
TEXT
}

quick=false
for argument in "$@"; do
    case $argument in
        --quick) quick=true ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=tests/needs.sh
source tests/needs.sh

venv=build/venv
reports=build/reports
passed=0
failed=0
skipped=0

die() {
    echo "tests/run.sh: $*" >&2
    exit 1
}

# count REPORT: adds up a JUnit file, whose totals stand in <testsuite ...>.
count() {
    local -a n
    read -ra n < <(python3 - "$1" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree

suite = next(tree.parse(sys.argv[1]).iter("testsuite"))
total, failures, errors, skipped, disabled = (
    int(suite.get(key) or 0) for key in ("tests", "failures", "errors", "skipped", "disabled")
)
bad = failures + errors
print(total - bad - skipped - disabled, bad, skipped + disabled)
PYTHON
    )
    ((${#n[@]} == 3)) || die "cannot read $1"
    passed=$((passed + n[0]))
    failed=$((failed + n[1]))
    skipped=$((skipped + n[2]))
}

# suite REPORT COMMAND...: runs a test runner that writes a JUnit file, and counts its tests. A
# runner that fails without a failed test (a crash, a timeout, nothing to run) is a failure as well.
suite() {
    local report=$1 before=$failed status=0
    shift
    rm -f "$report"
    "$@" || status=$?
    if [[ -f $report ]]; then count "$report"; fi
    if ((status != 0 && failed == before)); then
        echo "$1 ended with status $status" >&2
        failed=$((failed + 1))
    fi
}

c_tests() {
    cmake --preset release >build/reports/configure.log 2>&1 || {
        cat build/reports/configure.log >&2
        die "the configuration failed"
    }
    cmake --build --preset release || die "the build failed"
    suite "$reports/ctest.xml" ctest --preset release --output-junit "$root/$reports/ctest.xml"
}

python_tests() {
    [[ -x $venv/bin/python ]] || python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q "./bindings/python[test]" || {
        echo "pip could not install ./bindings/python, so that no Python test ran" >&2
        failed=$((failed + 1))
        return
    }
    suite "$reports/pytest.xml" "$venv/bin/python" -m pytest -q -o cache_dir="$root/build/pytest" \
        --junitxml="$reports/pytest.xml" bindings/python/tests
}

go_tests() {
    if has_go; then
        suite "$reports/go.xml" bindings/go/test.sh --junit "$reports/go.xml"
    elif [[ ${CI:-} == true ]]; then
        echo "There is no Go 1.24 or newer, so that no Go test ran" >&2
        failed=$((failed + 1))
    else
        echo "There is no Go 1.24 or newer here (https://go.dev/dl/), so that no Go test runs"
    fi
}

example_tests() {
    if examples/run.sh >"$reports/examples.log" 2>&1 </dev/null; then
        echo "examples/run.sh: good"
        passed=$((passed + 1))
    else
        tail -n 40 "$reports/examples.log" >&2
        echo "examples/run.sh: failed; all of its output is in $reports/examples.log"
        failed=$((failed + 1))
    fi
}

packages=(build-essential cmake ninja-build pkg-config check libxxhash-dev libzstd-dev python3)
$quick || packages+=(python3-venv python3-dev)
need "${packages[@]}"

mkdir -p "$reports"
if $quick; then export PMKT_TEST_SCALE=small; fi
c_tests
if ! $quick; then
    python_tests
    go_tests
    example_tests
fi

if ((skipped)); then echo "skipped: $skipped"; fi
echo "tests: $passed passed, $failed failed"
((failed == 0 && passed > 0))
