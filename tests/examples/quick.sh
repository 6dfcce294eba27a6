#!/usr/bin/env bash
# Checks the program rfm_quick on the CDNOW orders.
#
# usage: tests/examples/quick.sh PROGRAM
#
# What it prints is compared with facts that awk counts in the file: all customers are in a class, the
# classes hold all revenue, and whoever is to be won back has the orders and the revenue of their rows
# and was last seen in the right three months.
set -uo pipefail

if [[ $# -ne 1 || ! -x $1 ]]; then
    echo "usage: ${BASH_SOURCE[0]} PROGRAM" >&2
    exit 2
fi
program=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
orders=$root/examples/data/cdnow_orders.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

ok() { # ok WHAT COMMAND...
    local what=$1
    shift
    "$@" || {
        failures=$((failures + 1))
        echo "FAILED: $what: ${*@Q}" >&2
    }
}

ok "it runs" "$program" "$orders" >"$work/out"
ok "nine classes, all customers, all revenue" test \
    "$(awk '/^(active|dormant|no-order)/ { n++; customers += $2; revenue += $4 }
        END { printf "%d %d %.2f", n, customers, revenue }' "$work/out")" = \
    "9 $(awk -F , 'NR > 1 { if (!seen[$1]++) n++; revenue += $4 } END { printf "%d %.2f", n, revenue }' "$orders")"
grep '^  customer' "$work/out" >"$work/list"
ok "ten customers" test "$(wc -l <"$work/list")" -eq 10
ok "highest revenue first" sort -c -k 5,5 -nr <(tr -d , <"$work/list")
while read -r _ customer count _ revenue _ _ _ days _; do
    ok "customer $customer" test "$count $revenue $days" = "$(awk -F , -v c="${customer%:}" \
        '$1 == c && $4 > 0 { n++; revenue += $4; last = $2 }
        END { split(last, d, "-"); printf "%d %.2f", n, revenue
              system("echo \" $(( ($(date -ud 1998-07-01 +%s) - $(date -ud " last " +%s)) / 86400 ))\"") }' \
        "$orders")"
    ok "customer $customer was cooling 90 days before" test "$days" -ge 180 -a "$days" -lt 270
done < <(tr -d , <"$work/list")

ok "a file that is not there is a failure" bash -c '! "$1" "$2/none.csv" 2>"$2/err"' _ "$program" "$work"
ok "which names the file" grep -q 'none.csv cannot be read' "$work/err"
printf 'customer,date,cds,dollars\n1,1997-01-01,1,2\n1,1997-01-32,1,2\n' >"$work/bad.csv"
ok "a bad date is a failure" bash -c '! "$1" "$2/bad.csv" 2>"$2/err"' _ "$program" "$work"
ok "with one line of complaint" test "$(wc -l <"$work/err")" -eq 1

((failures == 0)) && echo "rfm_quick: all checks passed"
