#!/usr/bin/env bash
# Checks the program live: what fires, and when, of streams that are known; that it is said at once; rules that are
# swapped; streams, rules and command lines that are not as they should be.
#
# usage: tests/examples/live.sh LIVE SIMULATE CHECK AHEAD
#
# The others are simulate_shop, simulate_check and intent_ahead: what fires in a simulated log is compared with what
# the second says, and a model that the last has kept with one that is fitted here.
# shellcheck disable=SC2016  # awk programs
set -uo pipefail

if [[ $# -ne 4 || ! -x $1 || ! -x $2 || ! -x $3 || ! -x $4 ]]; then
    echo "usage: ${BASH_SOURCE[0]} LIVE SIMULATE CHECK AHEAD" >&2
    exit 2
fi
program=$(realpath "$1")
simulate=$(realpath "$2")
check=$(realpath "$3")
ahead=$(realpath "$4")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
reader=
trap '[[ -n $reader ]] && kill "$reader" 2>/dev/null; rm -rf "$work"' EXIT
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

# What fired: time, customer, intent, strength, answer, without P(order) and microseconds.
fired() { sed -nE '/^[0-9]{4}-/ { s/ +(-|[0-9.]+ %) +[0-9]+\.[0-9]{2}  /, /; s/ {2,}/, /g; p }' "$@"; }
untimed() { sed -E 's/ +[0-9]+\.[0-9]{2}(  |$)/\1/; /^Microseconds/d' "$@"; }

# ------------------------------------------------------- every built-in rule, and when
{
    echo "time,customer,event,product,category,amount,quantity,stock,page"
    sort <<'EOF'
2026-05-04 10:00:00,ann,search,Mug,kitchen,9.00,1,5,search
2026-05-04 10:01:00,ann,search,Mug,kitchen,9.00,1,5,search
2026-05-04 10:02:00,ann,search,Mug,kitchen,9.00,1,5,search
2026-05-04 10:00:01,bob,search,Lamp,lamps,30.00,1,5,search
2026-05-04 10:05:01,bob,favorite,Lamp,lamps,30.00,1,5,product
2026-05-04 10:00:02,cyd,cart,Boots,shoes,80.00,1,5,cart
2026-05-04 10:10:02,cyd,view,Boots,shoes,80.00,1,0,product
2026-05-04 10:00:03,dan,cart,Chair,desk,60.00,1,5,cart
2026-05-04 10:05:03,dan,checkout,Chair,desk,60.00,1,5,address
2026-05-04 10:00:04,eve,cart,Train,toys,40.00,1,5,cart
2026-05-04 10:02:04,eve,view,Train,toys,40.00,1,5,product
2026-05-04 10:00:05,fay,cart,Desk,desk,50.00,1,5,cart
2026-05-04 10:03:05,fay,view,Table,desk,40.00,1,5,product
2026-05-04 10:00:06,gus,cart,Rake,garden,25.00,1,5,cart
2026-05-04 10:04:06,gus,click,Rake,garden,25.00,1,5,coupon
2026-05-04 10:00:07,hal,cart,Hose,garden,70.00,1,5,cart
2026-05-04 10:00:08,ida,view,Pillow,bedroom,17.00,1,5,product
2026-05-04 10:01:08,ida,view,Duvet,bedroom,90.00,1,5,product
2026-05-04 10:02:08,ida,view,Blanket,bedroom,30.00,1,5,product
2026-05-04 10:20:00,joe,view,A,a,1.00,1,5,product
2026-05-04 10:20:05,joe,view,B,b,1.00,1,5,product
2026-05-04 10:20:10,joe,view,C,c,1.00,1,5,product
2026-05-04 10:20:15,joe,view,D,d,1.00,1,5,product
2026-05-04 10:20:20,joe,view,E,e,1.00,1,5,product
2026-05-04 10:20:25,joe,view,F,f,1.00,1,5,product
2026-05-04 10:20:30,joe,view,G,g,1.00,1,5,product
2026-05-04 10:00:09,kim,cart,Pen,desk,2.00,1,5,cart
2026-05-04 10:29:09,kim,order,Pen,desk,2.00,1,5,payment
2026-05-04 10:59:00,lea,view,Pen,desk,2.00,1,5,product
2026-05-04 11:00:07,lea,view,Ink,desk,2.00,1,5,product
EOF
} >all.csv
cat >all.txt <<'EOF'
2026-05-04 10:02:00, ann, hesitating, 0.70, live expert, buyers' reviews
2026-05-04 10:02:08, ida, comparing, 0.50, comparison of the products
2026-05-04 10:05:01, bob, preparing, 0.60, coupon, size guide
2026-05-04 10:20:30, joe, browsing, 0.40, best sellers
2026-05-04 10:32:04, eve, abandoning price, 0.80, 20 off for 3 hours
2026-05-04 10:33:05, fay, abandoning price, 0.75, 20 off for 3 hours
2026-05-04 10:34:06, gus, abandoning price, 0.80, 20 off for 3 hours
2026-05-04 10:35:03, dan, abandoning process, 0.85, shorter path
2026-05-04 10:40:02, cyd, abandoning stock, 0.90, substitute at the same price
EOF
runs "every built-in rule" all.csv
ok "each fires at its time; silence, when it is over" diff all.txt <(fired out)
ok "P(order) takes a model" test "$(grep -c '%' out)" -eq 0
runs "a clock that goes on" --after 1 --stats all.csv
echo "2026-05-04 11:00:07, hal, abandoning, 0.30, reminder of the cart" >>all.txt
ok "a cart and silence" diff all.txt <(fired out)
ok "it is counted" grep -qx 'Events: 30 taken, 0 bad, 0 too late\.' out
ok "what fired, and what did not" grep -qx 'Intents: 10 fired, 5 came again too soon, 1 were outranked\.' out
"$program" --after 1 - <all.csv >piped
ok "a pipe says the same" diff <(fired out) <(fired piped)
printf '%s\n' 'time,customer,event,product,category' '2999-12-31 23:59:58,ann,view,tea,drink' >last.csv
runs "a clock at the end of time" --after 1000000 --stats last.csv
ok "what is said at the end" grep -qx 'Events: 1 taken, 0 bad, 0 too late\.' out
ok "a header, ten intents, nothing else" test "$(wc -l <piped)" -eq 11
"$program" --after 1 <(sed -E '1s/.*/at;who;what;thing;class;cost;n;left;on/; 2,$s/,/;/g; s/;view;/;pv;/' all.csv) \
    --time at --user who --kind what --item thing --category class --amount cost --quantity n \
    --kinds pv=view --columns left=int,on=id >named
ok "columns of other names" diff <(grep -v -e ' cyd, ' -e ' gus, ' all.txt) <(fired named | grep -v -e ' cyd, ' -e ' gus, ')
ok "rules do not know these two" grep -q 'cyd, abandoning price, ' <(fired named)
"$program" --after 1 --utc-offset 480 <(sed -E '2,$s/,/+08:00,/' all.csv) >east
ok "a clock of another zone" diff all.txt <(fired east)

# Evidence: what matched, and the text of the rule.
runs "evidence" --after 1 --evidence all.csv
sed -n '/ ann /,/ ida /p' out >ann
ok "the three searches" test "$(grep -cE '^      \* 2026-05-04 10:0[012]:00  search +Mug *$' ann)" -eq 3
ok "the rule" grep -qxE '      by the rule in line [0-9]+ of the built-in rules:' ann
ok "its text" grep -qx '          when 3 search' ann
sed -n '/ cyd .*stock/,/ hal /p' out >cyd
ok "a cart, then a view" diff <(printf 'cart\nview\n') <(sed -nE 's/^      \* 2026-05-04 10:[0-9:]+  ([a-z]+) .*/\1/p' cyd)
ok "all have theirs" test "$(grep -c '      because of these (\* = matched):' out)" -eq 10

# One customer: all that they do.
runs "one customer" --for cyd --after 1 all.csv
untimed out >cyd
ok "two actions, a silence, an intent" diff - cyd <<'EOF'
time                 event     product               P(order)       us
2026-05-04 10:00:02  cart      Boots                        -
2026-05-04 10:10:02  view      Boots                        -
2026-05-04 10:40:02  (silence)
   => abandoning stock, strength 0.90: substitute at the same price
EOF
fails 1 'all.csv has no customer "zoe"' --for zoe all.csv
fails 1 'all.csv has no customer "Mug"' --for Mug all.csv

# ------------------------------------------------------------- a whole simulated log
"$simulate" --out log.csv --truth truth.csv
"$check" log.csv truth.csv >table
runs "a simulated log" --after 120 --stats log.csv
ok "as many of each as in a batch" diff \
    <(awk 'NR > 1 && /%/ { name = $1; at = 3; if ($2 !~ /^[0-9]/) { name = name " " $2; at = 4 } print name "," $at }' table | sort) \
    <(fired out | awk -F ', ' '{ n[$3]++ } END { for (i in n) print i "," n[i] }' | sort)
ok "in the order of time" sort -s -c -t , -k 1,1 <(fired out)
ok "no event is lost" grep -qx "Events: $(($(wc -l <log.csv) - 1)) taken, 0 bad, 0 too late\." out

# A model: fitted here, or kept by intent_ahead; one who is known from the past, and a stranger.
awk -F , 'NR == 1 || $1 < "2026-03-11"' log.csv >past.csv
awk -F , 'NR == 1 || $1 >= "2026-03-11" && $1 < "2026-03-12"' log.csv >day.csv
"$ahead" --model kept.pmkt past.csv >/dev/null
runs "a model that is fitted" --fit past.csv --for sim-0265 --evidence day.csv
untimed out >by_fit
ok "it is told" grep -qx "Learned from $(($(wc -l <past.csv) - 1)) events\." by_fit
runs "a model that was kept" --model kept.pmkt --for sim-0265 --evidence day.csv
ok "they say the same" diff <(tail -n +2 by_fit) <(untimed out)
ok "all actions of the day, and no other" diff <(awk -F , '$2 == "sim-0265" { print $1, $3 }' day.csv) \
    <(awk '/^20/ && !/silence/ { print $1, $2, $3 }' by_fit)
ok "P(order) is one, and rises at the cart" awk '/^20/ && !/silence/ { for (i = 1; i < NF; i++) if ($(i + 1) == "%") break
    n++; if ($i <= 0 || $i >= 100) bad = 1; if ($3 == "cart" && $i < before + 10) bad = 1; before = $i }
    END { exit !(n == 6 && !bad) }' by_fit
ok "the three actions' log-odds sum to that of the visit" awk '
    /=> comparing/ { on = 1 } on && /^      \*/ { sum += $NF; n++ }
    on && /the visit so far, 3 events/ { d = sum - $NF; exit } END { exit !(n == 3 && d < 0.02 && d > -0.02) }' by_fit
ok "the checkout is evidence" grep -qE '^      \* 2026-03-11 09:40:47  checkout +Stacking Cups +\+[0-9]' by_fit
runs "a past that is remembered" --fit past.csv --remember --for sim-0265 --evidence day.csv
untimed out >known
ok "the same fires" diff <(grep '=>' by_fit) <(grep '=>' known)
ok "P(order) is of a customer who is known" test "$(diff by_fit known | grep -c '^> 2026')" -ge 5
{ cat past.csv && tail -n +2 day.csv; } >whole.csv
"$program" --model kept.pmkt --for sim-0265 --evidence whole.csv | untimed | sed -n '/^2026-03-11/,$p' >continued
ok "and as if the log had not been cut" diff <(sed -n '/^2026-03-11/,$p' known) continued
grep -v ',order,' past.csv >dry.csv
runs "nothing to learn" --fit dry.csv day.csv
ok "which it says" grep -q '^The model has no P(order)' out
ok "rules work all the same" grep -q ' hesitating ' out

# ------------------------------------------------------------------ at once, and swapped
# until_said WHAT FILE PATTERN: waits for the line; a minute means never.
until_said() {
    local i
    for ((i = 0; i < 1200; i++)); do
        grep -q -- "$3" "$2" && return
        sleep 0.05
    done
    failures=$((failures + 1))
    echo "FAILED: $1: $2 does not say $3" >&2
}
mkfifo pipe
put() { printf '%s\n' "$@" >&3; }
cat >my.rules <<'EOF'
intent sharing { when share suggest "thanks" }
intent leaving { when cart then no order for 10 min }
EOF
: >said
"$program" --rules my.rules --reload --stats - <pipe >said 2>complained &
reader=$!
exec 3>pipe
put time,customer,event,product 2026-05-04T10:00:00,ann,share,Mug
until_said "at once" said 'ann .*sharing .*thanks$'
put 2026-05-04T10:01:00,bob,cart,Mug 2026-05-04T10:01:30,ann,share,Mug
until_said "bob has a cart" said '10:01:30  ann .*sharing '
printf 'intent sharing { when share suggest "thank you" }\nintent leaving { when cart then no order for 10 min }\n' >next.rules
mv next.rules my.rules
put 2026-05-04T10:02:00,cyd,share,Mug
until_said "new rules" said 'cyd .*sharing .*thank you$'
ok "bob's rule is as it was" grep -qx \
    'my.rules has changed: 2 rules from here on; 0 partial matches ended\.' said
printf 'intent sharing {\n    when shares\n}\n' >my.rules
put 2026-05-04T10:11:01,dan,share,Mug
until_said "a mistake leaves the rules as they are" said 'dan .*sharing .*thank you$'
ok "it has been told, by line and column" grep -q '^live: my.rules, line 2, column 10: ' complained
ok "bob left meanwhile" grep -qE '^2026-05-04 10:11:00  bob +leaving ' said
rm my.rules
put 2026-05-04T10:12:00,eve,share,Mug
until_said "so does a file that is gone" said 'eve .*sharing .*thank you$'
ok "it is missed" grep -q '^live: my.rules is gone: No such file' complained
put 2026-05-04T10:12:30,fay,cart,Mug 2026-05-04T10:12:40,eve,share,Mug
until_said "fay has a cart" said '10:12:40  eve .*sharing '
echo 'intent looking { when view }' >my.rules
put 2026-05-04T10:13:00,gus,view,Mug
until_said "until it is there again" said 'gus .*looking '
ok "a rule that is gone takes its partial matches along" grep -q '^my.rules has changed: 1 rules .* 1 partial matches ended' said
ok "each is complained of once" test "$(wc -l <complained)" -eq 2
kill -TERM "$reader"
wait "$reader"
ok "a signal ends it well" test $? -eq 0
reader=
exec 3>&-
ok "with the figures" grep -qx 'Events: 9 taken, 0 bad, 0 too late\.' said

# ------------------------------------------------------------------------ bad streams
: >empty.csv
fails 1 "empty.csv is empty" empty.csv
fails 1 "standard input is empty" -
fails 1 "cannot open absent.csv: No such file" absent.csv
fails 1 'all.csv has no column "who"; --user names another' --user who all.csv
fails 1 'all.csv has no column "cost"; --amount names another' --amount cost all.csv
fails 1 'all.csv has no column "weight"; --columns names another' --columns weight=double all.csv
cat >bad.csv <<'EOF'
time,customer,event,product,amount,stock,weight
2026-05-04 10:00:00,ann,search,Mug,1,1,1
soon,ann,search,Mug,1,1,1
2026-05-04 10:00:01,,search,Mug,1,1,1
2026-05-04 10:00:02,ann,stare,Mug,1,1,1
2026-05-04 10:00:03,ann,search,Mug,cheap,1,1
2026-05-04 10:00:04,ann,search,Mug,1,few,1
2026-05-04 10:00:05,ann,search,Mug,-1,1,1
2026-05-04 10:00:06,ann,search,Mug,1,1,heavy
2026-05-04 10:00:07,ann,search,Mug,1
2026-05-04 10:00:08,"ann"x,search,Mug,1,1,1
2026-05-04 10:00:09,ann,search,Mug,1,1,
2026-05-04 10:00:10,bob,leave,,1,1,1

2026-05-04 10:00:11,ann,search,Mug,1,1,1.5
EOF
runs "rows that are no events" --columns stock=int,weight=double --stats bad.csv
ok "they are left out, and counted" grep -qx \
    'Left out: 9 rows, the first in line 3: no time that can be read\.' out
ok "the others are not" grep -qx 'Events: 4 taken, 1 bad, 0 too late\.' out
ok "and fire" grep -qE '10:00:11  ann +hesitating ' out
for row in '6:no amount that can be read' '7:a column of --columns is no number' '8:negative amount' '10:too few fields'; do
    sed -n "1p;${row%%:*}p" bad.csv >row.csv
    "$program" --columns stock=int,weight=double row.csv >out 2>err
    ok "why: ${row#*:}" grep -qF "Left out: 1 rows, the first in line 2: ${row#*:}" out
done
runs "a kind of event that is not wanted" --kinds search=skip bad.csv
ok "which is counted" grep -qx 'Left out as asked: [0-9]* rows\.' out
awk -F , -v OFS=, 'NR == 3 { held = $0; next } 1; NR == 9 { print held }' all.csv >late.csv
ok "late.csv is not in order" awk -F , 'NR > 1 && $1 < before { late = 1 } { before = $1 } END { exit !late }' late.csv
{ head -n 1 all.csv && printf '2026-05-04 10:0%s:00,ann,search,Mug,,,,,\n' 1 0 2 3; } >late.csv
runs "an event that comes late" --stats late.csv
ok "is ignored and counted" grep -qx 'Events: 3 taken, 0 bad, 1 too late\.' out
ok "so that three searches are over later" grep -q '10:03:00  ann .*hesitating' out
runs "an event that may come late" --late 60 --stats late.csv
ok "counts as if it had not" grep -qE '10:02:00  ann +hesitating ' out
printf 'time,customer,event,product\n2026-05-04 10:00:00,"ann,search,Mug\n' >quote.csv
fails 1 "quote.csv: the file ends inside quotes; the record begins in line 2" quote.csv
printf '\037\213 packed' >packed.csv
fails 1 "packed.csv: this is compressed by gzip" packed.csv
{ head -n 1 all.csv && printf '2026-05-04 10:0%d:00,\033[31mEve,search,\033[2J%s,c,,,,\n' 1 "$(printf '茶%.0s' {1..40})" 2 "$(printf '茶%.0s' {1..40})" 3 "$(printf '茶%.0s' {1..40})"; } >names.csv
runs "names that are no names" --evidence names.csv
ok "nothing unprintable" test "$(grep -c $'\033' out)" -eq 0
ok "they are shown" grep -q '10:03:00  ?\[31mEve .*hesitating' out

# ------------------------------------------------------------------------- bad rules
printf 'intent a { when view }\n\nintent b { when view then }\n' >wrong.rules
fails 1 "wrong.rules, line 3, column 27: " --rules wrong.rules all.csv
fails 1 "cannot open absent.rules: No such file" --rules absent.rules all.csv
printf 'intent a { when view where (ünknown = 1) }\n' >wrong.rules
fails 1 "wrong.rules, line 1, column " --rules wrong.rules all.csv
printf 'intent a { when view suggest "\033[2J" } # \033[31m\n' >colored.rules
fails 1 "colored.rules, line 1, column 31: unexpected control character 27" --rules colored.rules all.csv
head -c 1100000 /dev/zero | tr '\0' '#' >long.rules
fails 1 "long.rules" --rules long.rules all.csv
printf 'columns stock double\nintent a { when view where (stock > 1) }\n' >wrong.rules
fails 1 'all.csv, line 2: ' --rules wrong.rules all.csv
ok "a column of another type is named" grep -q stock err
: >none.rules
runs "no rules at all" --rules none.rules --model kept.pmkt --for cyd all.csv
ok "P(order) alone" test "$(grep -c '%' out)" -eq 2

# -------------------------------------------------------------------------- models
fails 1 "absent.pmkt" --model absent.pmkt all.csv
fails 1 "all.csv" --model all.csv all.csv
fails 1 "cannot open absent.csv" --fit absent.csv all.csv
head -c 2000 kept.pmkt >cut.pmkt
fails 1 "cut.pmkt" --model cut.pmkt all.csv

# --------------------------------------------------------------------- command lines
"$program" --help >out 2>err
ok "--help: exit code" test $? -eq 0
ok "--help says how it is used" grep -qx 'Usage: live \[options\] FILE' out
ok "--help says what the exit status means" grep -q '^Exit status: 0 done, 1 the data' out
ok "--help fits 100 columns" test "$(awk 'length($0) > 100' out | wc -l)" -eq 0
for option in user item time kind category kinds utc-offset amount decimals quantity channel columns fit remember model \
    rules reload late after evidence for stats help; do
    ok "--help explains --$option" grep -qE -- "^  (-h, )?--$option\b" out
done
fails 2 "one FILE is needed"
fails 2 "one FILE is needed" all.csv all.csv
fails 2 "unrecognized option '--nonsense'" --nonsense all.csv
fails 2 "requires an argument" all.csv --rules
fails 2 "--fit and --model exclude each other" --fit log.csv --model kept.pmkt all.csv
fails 2 "--fit takes a file, not standard input" --fit - all.csv
fails 2 "--remember needs --fit" --remember all.csv
fails 2 "--reload needs --rules" --reload all.csv
fails 2 "--late is a whole number from 0 to 1000000" --late -1 all.csv
fails 2 "--after is a whole number from 0 to 1000000" --after soon all.csv
fails 2 "--decimals is a whole number from 0 to 6" --decimals 7 all.csv
fails 2 '"stock" is not' --columns stock all.csv
fails 2 '"stock=text" is not' --columns stock=text all.csv
fails 2 '"=int" is not' --columns =int all.csv
fails 2 '--columns names "a" twice' --columns a=int,a=id all.csv
fails 2 "--columns takes at most 32" --columns "$(seq -s , -f 'c%g=int' 33)" all.csv

# ------------------------------------------------------------------ who listens no more
"$program" --evidence log.csv 2>err | head -n 1 >out
ok "a pipe that is closed ends it" test "${PIPESTATUS[0]}" -ne 0
ok "in silence" test ! -s err
if [[ -w /dev/full ]]; then
    "$program" log.csv >/dev/full 2>err
    ok "a disk that is full" test $? -eq 1
    ok "is complained of" grep -qx 'live: cannot write what fired' err
fi

# ----------------------------- examples/run.sh, in a tree whose programs are built: cmake does nothing
mkdir -p tree/examples tree/tests tree/build/examples/examples bin
cp "$root/examples/run.sh" tree/examples && cp "$root/tests/needs.sh" tree/tests
ln -s "$program" tree/build/examples/examples/live
ln -s "$simulate" tree/build/examples/examples/simulate_shop
printf '#!/bin/sh\necho cmake version 3.99.0\n' >bin/cmake
chmod +x bin/cmake
wrapped() { PATH=$work/bin:$PATH tree/examples/run.sh "$@"; }
wrapped live >out 2>err </dev/null
ok "six actions: exit code" test $? -eq 0
ok "six actions of one customer" diff <(awk '{ print $3 }' <<<"- - view
- - view
- - view
- - view
- - cart
- - checkout") <(awk '/^20/ && !/silence/ { print $3 }' out)
ok "each with its microseconds" test "$(grep -cE '^20.* [0-9]+\.[0-9]{2}(  |$)' out)" -eq 7
ok "two intents" diff <(printf '%s\n' '   => comparing, strength 0.50: comparison of the products' \
    '   => abandoning process, strength 0.85: shorter path') <(grep '=>' out)
ok "with evidence" test "$(grep -cE '^      \* .* [+-][0-9]+\.[0-9]{2}$' out)" -eq 5
ok "and how long it took" grep -q '^Microseconds a call: half of 534 took up to ' out
ok "by the model of those before" grep -qx "Learned from $(($(wc -l <past.csv) - 1)) events\." out
if command -v gzip >/dev/null; then
    gzip -c all.csv >all.csv.gz
    wrapped live --evidence --stats all.csv.gz >out 2>err </dev/null
    ok "a compressed stream" grep -q 'hesitating' out
fi

((failures == 0)) && echo "live: all checks passed"
