#!/usr/bin/env bash
# Checks the program rfm_report from the outside: what it prints, writes and exits with.
#
# usage: tests/examples/run.sh PROGRAM
#
# The expected numbers of the CDNOW orders and of the invoices of online_retail were computed with
# pandas from the published rules, not with the library. The invoices are not part of the project:
# they are looked for in $PMKT_DATA, else in ../shared/data; without them that part says that it
# was skipped, or fails if CI=true.
# shellcheck disable=SC2034  # the parts use what stands here
set -uo pipefail

if [[ $# -ne 1 || ! -x $1 ]]; then
    echo "usage: ${BASH_SOURCE[0]} PROGRAM" >&2
    exit 2
fi
program=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
data=${PMKT_DATA:-$root/../shared/data}
orders=$root/examples/data/cdnow_orders.csv
offers=$root/examples/data/offers.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

checks=0
failures=0

# ok WHAT COMMAND...: counts a check that holds if the command succeeds.
ok() {
    local what=$1
    shift
    checks=$((checks + 1))
    if ! "$@"; then
        failures=$((failures + 1))
        echo "FAILED: $what" >&2
        echo "    ${*@Q}" >&2
        [[ ! -s err ]] || sed 's/^/    stderr: /' err | cut -c 1-200 >&2
    fi
}

# report ARGUMENT...: runs the program; its stdout with single spaces goes to `out`, its exit code
# to $code. Lines that wrap are joined in `flat`.
report() {
    "$program" "$@" >raw 2>err </dev/null
    code=$?
    sed 's/  */ /g; s/^ //; s/ $//' raw >out
    tr '\n' ' ' <out >flat
}

# piped ARGUMENT...: the same, with this function's stdin.
piped() {
    "$program" "$@" - >raw 2>err
    code=$?
    sed 's/  */ /g; s/^ //; s/ $//' raw >out
    tr '\n' ' ' <out >flat
}

exits() { ok "exit code $1: $2" test "$code" -eq "$1"; }
line() { ok "a line: $1" grep -qxF -- "$1" out; }
says() { ok "a sentence: $1" grep -qF -- "$1" flat; }
complains() { ok "a complaint: $1" grep -qF -- "$1" err; }
# Chinese characters take two columns, other characters of more than one byte take one.
narrow() {
    ok "$1: no line is wider than 100 columns" test "$(LC_ALL=C sed -E \
        's/[\xe4-\xe9][\x80-\xbf]{2}/XX/g; s/[\x80-\xbf]//g' raw | LC_ALL=C awk 'length($0) > 100' | wc -l)" -eq 0
}
same() { ok "$3" cmp -s "$1" "$2"; }

# fails CODE COMPLAINT ARGUMENT...
fails() {
    local wanted=$1 complaint=$2
    shift 2
    report "$@"
    exits "$wanted" "$*"
    complains "$complaint"
    ok "one line of complaint: $*" test "$(wc -l <err)" -eq 1
    ok "no report: $*" test ! -s raw
}

for part in usage cdnow rows dialects zones hostile files state retail; do
    # shellcheck source=/dev/null
    source "$here/$part.sh"
done

if ((failures)); then
    echo "rfm_report: $failures of $checks checks failed"
    exit 1
fi
echo "rfm_report: $checks checks passed"
