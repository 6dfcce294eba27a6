#!/usr/bin/env bash
# Checks simulate_shop: the same bytes everywhere, a shop that could be one, and that the built-in rules find
# what was planted.
#
# usage: tests/examples/simulate.sh PROGRAM CHECK
#
# CHECK is simulate_check. Its figures are printed: they are what the rules can do with people who follow
# scripts, near misses, and slips that no log shows, not a promise about real ones.
# shellcheck disable=SC2016  # awk programs
set -uo pipefail

if [[ $# -ne 2 || ! -x $1 || ! -x $2 ]]; then
    echo "usage: ${BASH_SOURCE[0]} PROGRAM CHECK" >&2
    exit 2
fi
program=$(realpath "$1")
check=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

ok() { # ok WHAT COMMAND...
    local what=$1
    shift
    "$@" || {
        failures=$((failures + 1))
        echo "FAILED: $what: ${*@Q}" >&2
    }
}

# fails CODE COMPLAINT ARGUMENT...
fails() {
    local wanted=$1 complaint=$2 code
    shift 2
    "$program" "$@" >out 2>err </dev/null
    code=$?
    ok "exit code $wanted, not $code: $*" test "$code" -eq "$wanted"
    ok "it complains of $*" grep -qF -- "$complaint" err
    ok "in one line: $*" test "$(wc -l <err)" -eq 1
}

# ------------------------------------------------------------------ the same bytes
"$program" --seed 7 --customers 40 --days 5 --out small.csv --truth small_truth.csv
ok "a small run, byte by byte" test "$(cksum <small.csv)" = "1480421821 36646"
ok "and its truth" test "$(cksum <small_truth.csv)" = "3143499371 3938"
"$program" --days 5 --customers 40 --seed 7 --truth - --out again.csv >again_truth
ok "again" cmp -s small.csv again.csv
ok "again, the truth" cmp -s small_truth.csv again_truth
"$program" --seed 8 --customers 40 --days 5 >other.csv
ok "another seed, another shop" test "$(cksum <other.csv)" != "$(cksum <small.csv)"
"$program" --seed 7 --customers 40 --days 3 >shorter.csv
ok "fewer days are the beginning of more" cmp -s <(awk -F , '$1 < "2026-03-04"' shorter.csv) \
    <(awk -F , '$1 < "2026-03-04"' small.csv)

# ------------------------------------------------------------------- plausible
"$program" --out log.csv --truth truth.csv
ok "the log that it writes when nothing is said" test "$(cksum <log.csv)" = "3683478751 569312"
ok "and its truth" test "$(cksum <truth.csv)" = "1741339021 63723"
ok "it is small" test "$(wc -c <log.csv)" -lt 1000000
ok "the header" test "$(head -n 1 log.csv)" = \
    time,customer,event,product,category,amount,quantity,stock,page,channel,order
ok "rows of that many fields, by time, of customers that are said to be simulated" awk -F , '
    NF != 11 || NR > 1 && ($1 < before || $2 !~ /^sim-[0-9]{4}$/ && $2 !~ /^sim-[0-9][0-9][0-9][0-9]$/) { exit bad = 1 }
    NR > 1 { before = $1 } END { exit bad }' log.csv
ok "nobody does two things at one instant" awk -F , 'seen[$1, $2]++ { bad = 1 } END { exit bad }' log.csv
ok "most customers come, in two weeks of March" awk -F , '
    NR > 1 { if (!seen[$2]++) n++; day = substr($1, 1, 10); if (day < "2026-03-02" || day > "2026-03-17") bad = 1; days[day] }
    END { for (d in days) m++; exit !(n > 200 && n <= 300 && m >= 14 && !bad) }' log.csv
ok "what is ordered was put into the cart, checked out, is paid, and has a number of its own" awk -F , '
    NR == 1 { next }
    $3 == "cart" { cart[$2, $4] = 1 } $3 == "checkout" { out[$2, $4] = 1 }
    $3 == "order" { n++; if (!cart[$2, $4] || !out[$2, $4] || $11 == "" || seen[$11]++) bad = 1; due[$11] = $6 }
    $3 == "pay" { paid++; if (due[$11] != $6) bad = 1 }
    $3 != "order" && $3 != "pay" && $11 != "" { bad = 1 }
    END { exit !(n > 100 && paid == n && !bad) }' log.csv
ok "a piece has one price a day, and some have another in the week of their sale" awk -F , 'NR > 1 {
    price = $6 / $7; day = $4 SUBSEP substr($1, 1, 10)
    if (price <= 0 || (day in at) && (at[day] - price > 0.006 || price - at[day] > 0.006)) odd++
    at[day] = price
    if (!($4 in low) || price < low[$4]) low[$4] = price
    if (price > high[$4]) high[$4] = price }
    END { for (p in low) if (high[p] > 1.2 * low[p]) sale++
        exit !(odd < NR / 100 && sale > 5) }' log.csv
ok "stock sells out, and is not negative" awk -F , 'NR > 1 { if ($8 < 0) bad = 1; if ($8 == 0) out++ }
    END { exit !(!bad && out > 20 && out < NR / 10) }' log.csv
ok "more is seen than put into carts than ordered" awk -F , '{ n[$3]++ }
    END { exit !(n["view"] > 4 * n["cart"] && n["cart"] > 1.2 * n["order"] && n["order"] > n["review"] && n["review"] > 0) }' log.csv
ok "every intent is planted, and looks like it beside" awk -F , 'NR > 1 { n[$3 " " $4 " " $6]++; if ($6 !~ /^[01]$/) bad = 1 }
    END { split("hesitating ,preparing ,comparing ,browsing ,abandoning ,abandoning price,abandoning stock,abandoning process", w, ",")
        for (i in w) if (n[w[i] " 1"] < 30 || n[w[i] " 0"] < 15) bad = 1
        exit bad }' truth.csv
ok "what is true has an event at its time, but for what no log shows" awk -F , '
    NR == FNR { at[$1, $2]; next } FNR > 1 && $6 == 1 { n++; if (!(($1, $2) in at)) none++ }
    END { exit !(n > 500 && none < n / 50) }' log.csv truth.csv

# --------------------------------------------------------------- what rules find of it
# found LEAST LOG TRUTH: the table, of which every precision and recall reaches so many percent, in batch and,
# where the same must fire, live.
found() {
    "$check" "$2" "$3" >table || return 1
    cat table
    awk -v least="$1" 'NR > 1 && /%/ { n++; for (i = 1; i < NF; i++) if ($(i + 1) == "%" && $i < least) bad = 1 }
        /^live, the same [0-9]+ fire$/ { live++ }
        /had to make room/ { if ($NF != 0) bad = 1 } END { exit !(n == 8 && live == 1 && !bad) }' table
}
ok "300 customers, 14 days: at least 95 %" found 95 log.csv truth.csv
"$program" --seed 3 --customers 2000 --days 28 --out many.csv --truth many_truth.csv
ok "2,000 customers, 28 days: at least 95 %" found 95 many.csv many_truth.csv
# The measure can fail: what is true of another shop is not found in this one.
"$program" --seed 2 --out wrong.csv --truth wrong_truth.csv
"$check" log.csv wrong_truth.csv >wrong
ok "somebody else's mind is not read" awk 'NR > 1 && /%/ { for (i = 1; i < NF; i++) if ($(i + 1) == "%" && $i > 20) bad = 1 }
    END { exit bad }' wrong

# ------------------------------------------------------------------- command lines
fails 2 "--customers is a whole number from 1 to 1000000" --customers 0
fails 2 "--days is a whole number from 1 to 3650" --days many
fails 2 "--seed is a whole number from 0" --seed -1
fails 2 '"log.csv" is no option' log.csv
fails 2 "--truth is the file of --out" --truth x --out x
fails 2 "unrecognized option '--nonsense'" --nonsense
fails 1 "cannot write absent/log.csv" --out absent/log.csv
fails 1 "cannot write absent/truth.csv" --out log.csv --truth absent/truth.csv
if [[ -w /dev/full ]]; then
    fails 1 "cannot write /dev/full" --out /dev/full
    fails 1 "cannot write /dev/full" --out log.csv --truth /dev/full
fi
ok "help says what it is" grep -q 'ALL OF IT IS SIMULATED' <("$program" --help)

((failures == 0)) && echo "simulate_shop: all checks passed"
