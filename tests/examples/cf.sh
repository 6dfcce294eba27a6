#!/usr/bin/env bash
# Checks the program cf_recommend on the made-up shop of examples/data.
#
# usage: tests/examples/cf.sh PROGRAM
#
# Counts are compared with those that awk finds in the file; the model must beat popularity, answer
# nobody what they have ordered, and say the same on one thread and two. Then files and command lines that are
# not as they should be.
# shellcheck disable=SC2016  # awk programs
set -uo pipefail

if [[ $# -ne 1 || ! -x $1 ]]; then
    echo "usage: ${BASH_SOURCE[0]} PROGRAM" >&2
    exit 2
fi
program=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
events=$root/examples/data/shop_events.csv
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

# ------------------------------------------------------------------ the whole story
if ! "$program" --threads 1 "$events" >story; then
    echo "FAILED: it does not run" >&2
    exit 1
fi
ok "all events, customers, products and pairs" test "$(head -n 1 story)" = \
    "$(awk -F , 'NR > 1 { n++; if (!u[$2]++) users++; if (!i[$4]++) items++; if (!p[$2, $4]++) pairs++ }
        END { printf "%d events of %d customers with %d products: %d pairs.", n, users, items, pairs }' "$events")"
ok "the model beats popularity twice over" awk '
    $1 == "ALS" { als = $2 } $1 == "popularity" { popular = $2 }
    END { exit !(popular > 0 && als > 2 * popular && als < 1) }' story
"$program" --threads 2 "$events" >again
ok "two threads say the same, but for the time" cmp -s \
    <(sed 's/took .* ms/took/' story) <(sed 's/took .* ms/took/' again)
ok "no file stays" test "$(find . -name 'cf_recommend.*' | wc -l)" -eq 0
ok "three customers, the best seller and a stranger get five answers each" test \
    "$(grep -cE '^ +[1-5]\. ' story)" -eq 25

# ------------------------------------------------------------------------ one customer
"$program" --for C0001 -k 100 "$events" >one
awk '/^  C0001/ { on = 1; next } /^The model/ { on = 0 } on && /^ +[0-9]+\. / {
    sub(/^ +[0-9]+\. /, ""); sub(/ +-?[0-9.]+$/, ""); print }' one | sort >answered
awk -F , '$2 == "C0001" && $3 == "order" { print $4 }' "$events" | sort -u >had
awk -F , 'NR > 1 { print $4 }' "$events" | sort -u >products
ok "C0001 has ordered something" test -s had
ok "what was ordered is not answered" test -z "$(comm -12 answered had)"
ok "whatever is answered is a product" test -z "$(comm -23 answered products)"
ok "a hundred answers, or all that are left" test "$(wc -l <answered)" -eq \
    "$(comm -23 products had | head -n 100 | wc -l)"
ok "best first" sort -c -k 2,2 -gr <(awk '/^  C0001/ { on = 1; next } /^The model/ { on = 0 }
    on && NF { print "x", $NF }' one)
"$program" --like Headlamp --history "Sencha;Oolong" "$events" >named
ok "what is like a headlamp" grep -qx 'Most like Headlamp:' named
ok "a stranger with tea" grep -qx 'A stranger has Sencha and Oolong, and would like:' named
ok "a stranger is not answered what they have" test "$(sed -n '/^A stranger/,$p' named |
    grep -cE '^ +[0-9]+\. (Sencha|Oolong) ')" -eq 0
"$program" --model kept.pmkt "$events" >kept
ok "the model stays where it is wanted" test -s kept.pmkt
ok "it is named" grep -q 'KB, kept.pmkt; opening it' kept

# ----------------------------------------------------------------- what is at fault
fails 1 "cannot open none.csv: No such file" none.csv
: >empty.csv
fails 1 "empty.csv is empty" empty.csv
head -n 1 "$events" >header.csv
fails 1 "header.csv has no row that can be used" header.csv
fails 1 'has no column "who"; --user names another' --user who "$events"
printf 'time,customer,event,product\nsoon,a,view,p\n2026-01-01,,view,p\n2026-01-01,a,stare,p\n2026-01-01,a,view,\n' >bad.csv
fails 1 "bad.csv has no row that can be used; the first: no time that can be read" bad.csv
fails 1 "knows no \"C9999\"" --for C9999 "$events"
fails 1 "knows no \"Anvil\"" --like Anvil "$events"
fails 1 "knows no \"Anvil\"" --history "Sencha;Anvil" "$events"
fails 1 "none/kept.pmkt" --model none/kept.pmkt "$events"
{ cat "$events" && printf 'soon,C0001,view,Spork,camping\n'; } >late.csv
"$program" late.csv >out
ok "a row left out is counted, with its line" grep -qx \
    "Left out: 1 rows, the first in line $(wc -l <late.csv): no time that can be read." out
fails 2 "one FILE is needed"
fails 2 "-k is a whole number from 1 to 100" -k 0 "$events"
fails 2 "--factors is a whole number from 1 to 1024" --factors ten "$events"
fails 2 "unrecognized option '--nonsense'" --nonsense "$events"
ok "help is long" test "$("$program" --help | wc -l)" -gt 25

((failures == 0)) && echo "cf_recommend: all checks passed"
