#!/usr/bin/env bash
# Checks the program intent_ahead on the made-up shop of examples/data.
#
# usage: tests/examples/ahead.sh PROGRAM
#
# Visits, paths, the funnel and the shares that order are compared with those that awk counts in the file;
# the model must beat chance and say the same on one thread and two. Then files and command lines that are
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

# runs WHAT ARGUMENT...: it ends well and says nothing on stderr; what it prints is in `out`.
runs() {
    local what=$1
    shift
    ok "it runs: $what" "$program" "$@" >out 2>err </dev/null
    ok "without complaint: $what" test ! -s err
}

# ------------------------------------------------------------------ the whole story
if ! "$program" --threads 1 "$events" >story; then
    echo "FAILED: it does not run" >&2
    exit 1
fi
"$program" --threads 2 "$events" >again
ok "two threads say the same" cmp -s story again
ok "no file stays" test "$(find . -name 'intent_ahead.*' | wc -l)" -eq 0
ok "no number is missing" test "$(grep -ciE '\bnan\b|\binf\b' story)" -eq 0
ok "it is short" test "$(wc -l <story)" -le 66

# One line a visit: its customer, seconds of its beginning, and its path, an idle half hour ends it.
awk -F , 'NR > 1 { t = $1; gsub(/[-:]/, " ", t); print $2 "," seconds(t) "," NR "," $3 "," $4 }
    # Since 1970, of a date of the civil calendar; mawk has no mktime.
    function seconds(t,  a, y, m) {
        split(t, a, " "); y = a[1]; m = a[2]; if (m < 3) { y--; m += 12 }
        y = 365 * y + int(y / 4) - int(y / 100) + int(y / 400)
        return ((y + int((153 * m - 457) / 5) + a[3] - 719469) * 24 + a[4]) * 3600 + a[5] * 60 + a[6]
    }' "$events" | sort -t , -k 1,1 -k 2,2n -k 3,3n >sorted
awk -F , 'function put() { if (path != "") print user "," begin "," path }
    $1 != user || $2 - last > 1800 { put(); path = ""; user = $1; begin = $2 }
    { path = path (path == "" ? "" : " > ") $4; last = $2 } END { put() }' sorted >visits
ok "all events, customers, visits and those with an order" test "$(head -n 1 story)" = "$(
    awk -F , -v events="$(wc -l <sorted)" '{ n++; if (!u[$1]++) users++; if ($3 ~ /order/) orders++ }
        END { printf "%d events of %d customers in %d visits; %d visits (%.1f %%) have an order.",
            events, users, n, orders, 100 * orders / n }' visits)"
# A path is the first ten actions of a visit.
cut -d , -f 3 visits | awk -F ' > ' '{ p = $1; for (i = 2; i <= NF && i <= 10; i++) p = p " > " $i
    n[p]++ } END { for (p in n) printf "%d,%.1f,%s\n", n[p], 100 * n[p] / NR, p }' |
    sort -t , -k 1,1nr >paths
ok "the number of paths" grep -q "^Of $(wc -l <paths) different paths" story
ok "the most frequent paths" cmp -s <(head -n 3 paths) \
    <(sed -n '/different paths/,/^What follows/p' story | sed -nE 's/^ +([0-9]+) +([0-9.]+) %  /\1,\2,/p')
# One product in one visit: the furthest of view, then cart, then order.
awk -F , 'function put(  p) { for (p in at) if (at[p] > far) far = at[p]
        for (; far > 0; far--) reached[far]++; split("", at); far = 0 }
    $1 != user || $2 - last > 1800 { put(); user = $1 }
    { last = $2; p = $5 }
    $4 == "view" && !at[p] { at[p] = 1 } $4 == "cart" && at[p] == 1 { at[p] = 2 }
    $4 == "order" && at[p] == 2 { at[p] = 3 }
    END { put(); print "view", reached[1]; print "cart", reached[2]; print "order", reached[3] }' \
    sorted >funnel
ok "the funnel" cmp -s funnel <(sed -n '/^How far/,/^Of /p' story |
    awk '/^  (view|cart|order) / { print $1, $2 }')
# After one view a visit orders as often as visits that begin with a view do, but for what smoothing adds.
ok "P(order) after a view" awk -v share="$(awk -F , '$3 ~ /^view/ { n++; if ($3 ~ /order/) o++ }
    END { print 100 * o / n }' visits)" '
    $1 == "view" && $3 == "%" { d = $2 - share; seen = d > -2 && d < 2 } END { exit !seen }' \
    <(sed -n '/^What follows/,/^How good/p' story)
ok "a cart makes an order likelier, views without one do not" awk '
    /^  view +[0-9]/ { one = $2 } /^  view > cart / { cart = $4 } /^  view > view > view / { views = $6 }
    END { exit !(cart > one + 10 && views < one) }' <(sed -n '/^What follows/,/^How good/p' story)

# ------------------------------------------------------------------------- the test
ok "visits of the last 30 % of the time" test "$(grep -oE 'of the [0-9]+ visits after' story | grep -oE '[0-9]+')" \
    -eq "$(awk -F , 'NR == FNR { if (min == "" || $2 < min) min = $2; if ($2 > max) max = $2; next }
        $2 >= min + 0.7 * (max - min) { n++ } END { print n }' sorted visits)"
ok "the model beats chance and its chain" awk '
    /^  AUC  / { auc = $2; gsub(/[()]/, ""); low = $3 } /^  AUC of/ { chain = $6 } /^  better by/ { by = $3 }
    END { d = auc - chain - by; exit !(low > 0.55 && auc < 0.9 && by > 0 && d < 0.0011 && d > -0.0011) }' story
ok "five bins hold all guesses" awk '
    / guesses, / { total = $(0 + 0); for (i = 1; i <= NF; i++) if ($i == "guesses,") total = $(i - 1) }
    /^ +[0-9]+ +[0-9.]+ % +[0-9.]+ % +\(/ { n++; sum += $1; if ($2 < before) bad = 1; before = $2 }
    END { exit !(n == 5 && sum == total && !bad) }' story
ok "calibrated within a few percent" awk '/^  calibration error/ { exit !($5 < 0.05) }' story

# ------------------------------------------------------------------------ one customer
"$program" --for C0567 "$events" >one
sed -n '/^A visit of C0567/,/^Offer/p' one | awk '/^  [0-9][0-9]:/ { print $1, $2 }' >shown
ok "a visit of C0567 is shown" test -s shown
begins=$(sed -nE 's/^A visit of C0567 on ([0-9-]+),.*/\1/p' one)
ok "its events are the file's, up to the first order" cmp -s shown <(awk -F '[, ]' -v day="$begins" '
    $3 == "C0567" && $1 == day && !done { print substr($2, 1, 5), $4; done = $4 == "order" }' "$events")
"$program" --high 100 "$events" >everybody
ok "bounds of 0 and 100 % help every visit" awk '
    /would have seen it$/ { a = $1 == $3 && $1 > 0 } END { exit !a }' everybody
"$program" --low 100 "$events" >nobody
ok "they are named" grep -q 'P(order) of 100\.0 to 100\.0 %' nobody
ok "bounds of 100 % help nobody" grep -qE '^ +0 of +[0-9]+ visits without an order' nobody

# ---------------------------------------------------------------------------- options
"$program" --model kept.pmkt "$events" >kept
ok "the model stays where it is wanted" test -s kept.pmkt
ok "it is named" grep -q 'KB, kept.pmkt\.$' kept
ok "a longer gap makes fewer visits" awk '
    NR == FNR { if (FNR == 1) short = $7; next } FNR == 1 { exit !($7 < short) }' story \
    <("$program" --gap 34000 "$events")
runs "chains that look one back" --order 1 "$events"
ok "which it says" grep -q 'which looks 1 back' out
sed '1s/.*/at,visitor,what,thing,class/' "$events" >other.csv
runs "columns of other names" --user visitor --item thing --time at --kind what --category class other.csv
ok "say the same" cmp -s story out
runs "no category" --category "" "$events"

# ------------------------------------------- kinds, clocks, standard input, compressed files
sed 's/,view,/,pv,/; s/,favorite,/,fav,/; s/,order,/,buy,/' "$events" >named.csv
runs "kinds of other names" --kinds pv=view,fav=favorite,buy=order named.csv
ok "say the same" cmp -s story out
runs "a kind that is not wanted" --kinds pv=view,buy=order,fav=skip named.csv
ok "which is counted" grep -qx "Left out as asked: $(grep -c ,fav, named.csv) rows\." out
for unit in 1 1000; do # seconds, milliseconds
    awk -F , -v OFS=, -v unit="$unit" 'NR == FNR { at[$3] = $2; next } FNR > 1 { $1 = at[FNR] (unit > 1 ? "000" : "") } 1' \
        sorted "$events" >epoch.csv
    runs "times since 1970, units of $unit" epoch.csv
    ok "say the same" cmp -s story out
done
runs "a clock that is eight hours ahead" --utc-offset 480 --for C0567 epoch.csv
"$program" --for C0567 "$events" >west
ok "shows its hours" cmp -s <(awk '/^  [0-9][0-9]:/ { printf "%02d%s %s\n", (substr($1, 1, 2) + 8) % 24, substr($1, 3), $2 }' west) \
    <(awk '/^  [0-9][0-9]:/ { print $1, $2 }' out)
awk -F , -v OFS=, 'FNR > 1 { sub(/$/, "Z", $1) } 1' "$events" >zulu.csv
"$program" --utc-offset 480 zulu.csv >zulu
"$program" --utc-offset 480 epoch.csv >east
ok "times that say their zone keep it" cmp -s zulu east
"$program" - <"$events" >piped 2>err
ok "standard input" cmp -s story piped
"$program" - </dev/null >out 2>err
ok "an empty one is at fault" grep -qx 'intent_ahead: standard input is empty' err
fails 2 '--kinds is like "pv=view,buy=order,other=skip"; "pv" is not' --kinds pv "$events"
fails 2 '"stare" is none of view, cart, order' --kinds pv=stare "$events"
fails 2 '"=view" is not' --kinds =view "$events"
fails 2 "--kinds takes at most 32" --kinds "$(seq -s , -f '%g=view' 33)" "$events"
fails 2 "--utc-offset is a whole number from -1440 to 1440" --utc-offset 1441 "$events"

# examples/run.sh, in a tree whose programs are built: cmake does nothing.
mkdir -p tree/examples/data tree/tests tree/build/examples/examples bin
cp "$root/examples/run.sh" tree/examples && cp "$root/tests/needs.sh" tree/tests
cp "$events" tree/examples/data
ln -s "$program" tree/build/examples/examples/intent_ahead
printf '#!/bin/sh\necho "likes $*"\ncat\n' >tree/build/examples/examples/cf_recommend
printf '#!/bin/sh\necho cmake version 3.99.0\n' >bin/cmake
chmod +x bin/cmake tree/build/examples/examples/cf_recommend
wrapped() { PATH=$work/bin:$PATH tree/examples/run.sh "$@"; }
for tool in xz gzip zstd; do
    command -v "$tool" >/dev/null || continue
    name=packed.csv.${tool/gzip/gz}
    "$tool" -c <"$events" >"${name/zstd/zst}"
    wrapped ahead --gap 30 "${name/zstd/zst}" >out 2>err </dev/null
    ok "$tool on the way: exit code" test $? -eq 0
    ok "$tool on the way: the same story" cmp -s story out
done
wrapped like -k 3 packed.csv.gz >out 2>err </dev/null
ok "like, too" cmp -s <(echo "likes -k 3 -" && cat "$events") out
head -c 20000 packed.csv.gz >cut.csv.gz
wrapped ahead cut.csv.gz >out 2>err </dev/null
ok "a compressed file that is cut: exit code" test $? -eq 1
ok "a compressed file that is cut" grep -q 'gzip could not decompress all of cut.csv.gz' err
wrapped ahead absent.csv.gz >out 2>err </dev/null
ok "a compressed file that is not there" grep -q 'there is no file absent.csv.gz that can be read' err
wrapped ahead - <"$events" >out 2>err
ok "standard input through run.sh" cmp -s story out
wrapped ahed >out 2>err </dev/null
ok "a slip: exit code" test $? -eq 2
ok "a slip" grep -q '"ahed" is no file, and none of like, ahead, live and simulate' err

# ------------------------------------------------------- files that teach little or nothing
nothing='There is nothing to learn'
grep -v ',order,' "$events" >none.csv
runs "no orders" none.csv
ok "nothing to learn, and visits" grep -q "^$nothing" out
ok "visits are shown all the same" grep -qE '^[0-9]+ events of .* visits; 0 visits \(0\.0 %\)' out
runs "every row an order" --kind "" "$events"
ok "nothing to learn from orders alone" grep -q "^$nothing" out
head -n 2 "$events" >row.csv
runs "one row" row.csv
ok "nothing to learn from one row" grep -q "^$nothing" out
sed -n 1,40p "$events" >few.csv
runs "few rows" few.csv
{ head -n 1 "$events" && printf '2026-01-01 00:00:0%d,a,view,p,c\n' 1 2 3 && printf '2026-01-01 00:00:09,a,order,p,c\n2026-03-01 00:00:00,b,view,p,c\n'; } >late.csv
runs "nothing learned before the cut" late.csv
ok "no test then" grep -q 'so there is no test' out
awk -F , -v OFS=, 'NR > 1 && $1 >= "2026-05-01" && $3 == "order" { next } 1' "$events" >dry.csv
runs "no orders after the cut" dry.csv
ok "too one-sided" grep -qx 'That is too one-sided for a test.' out
{ head -n 1 "$events" && awk 'BEGIN { for (i = 0; i < 20000; i++) printf "2026-01-0%d %02d:%02d:%02d,one,view,p,c\n",
    1 + i / 8640, i / 360 % 24, i / 6 % 60, i % 6 * 10; }' && tail -n +2 "$events"; } >long.csv
runs "a visit of 20,000 events" --for one long.csv
ok "its first events are shown" grep -q '^  and 19988 more$' out
{ cat "$events" && printf '2026-07-01 00:00:0%d,\033[31mEve,view,\033[2J%s,c\n' 1 "$(printf '茶%.0s' {1..40})" 2 "\"x,y\"" 3 z 4 z 5 z; } >names.csv
runs "names that are no names" names.csv
ok "nothing unprintable" test "$(grep -c $'\033' out)" -eq 0
ok "the visit is shown" grep -q '^A visit of ?\[31mEve on 2026-07-01' out

# ----------------------------------------------------------------- what is at fault
fails 1 "cannot open absent.csv: No such file" absent.csv
: >empty.csv
fails 1 "empty.csv is empty" empty.csv
head -n 1 "$events" >header.csv
fails 1 "header.csv has no row that can be used" header.csv
fails 1 'has no column "who"; --user names another' --user who "$events"
printf 'time,customer,event,product\nsoon,a,view,p\n2026-01-01,,view,p\n2026-01-01,a,stare,p\n' >bad.csv
fails 1 "bad.csv has no row that can be used; the first: no time that can be read" bad.csv
fails 1 "knows no customer \"C9999\"" --for C9999 "$events"
fails 1 "knows no customer \"Headlamp\"" --for Headlamp "$events"
fails 1 "knows no customer \"\"" --for "" "$events"
fails 1 "absent/kept.pmkt" --model absent/kept.pmkt "$events"
{ cat "$events" && printf 'soon,C0001,view,Spork,camping\n'; } >left.csv
runs "a row that cannot be used" left.csv
ok "it is counted, with its line" grep -qx \
    "Left out: 1 rows, the first in line $(wc -l <left.csv): no time that can be read." out
fails 2 "one FILE is needed"
fails 2 "one FILE is needed" "$events" "$events"
fails 2 "--gap is a whole number from 1 to 34000" --gap 0 "$events"
fails 2 "--order is a whole number from 1 to 5" --order six "$events"
fails 2 "--low is above --high" --low 60 --high 40 "$events"
fails 2 "unrecognized option '--nonsense'" --nonsense "$events"
if [[ -w /dev/full ]]; then
    "$program" "$events" >/dev/full 2>err
    ok "a report that cannot be written" test $? -eq 1
    ok "which it says" grep -q 'cannot write the report' err
fi
ok "help is long" test "$("$program" --help | wc -l)" -gt 25

((failures == 0)) && echo "intent_ahead: all checks passed"
