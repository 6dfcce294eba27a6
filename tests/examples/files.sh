# shellcheck shell=bash disable=SC2034,SC2154
# Output files, the table of offers, and being interrupted. Sourced by run.sh.

columns=(--user customer --time date --amount dollars)

# --------------------------------------------------------------------------- --out
if [[ -w /dev/full ]]; then
    fails 1 "cannot write /dev/full: No space left" "${columns[@]}" --quiet --out /dev/full "$orders"
    "$program" "${columns[@]}" "$orders" >/dev/full 2>err
    code=$?
    exits 1 "a full disk under stdout"
    complains "cannot write to stdout: No space left"
    "$program" --help >/dev/full 2>err
    code=$?
    exits 1 "a full disk under --help"
fi
fails 1 "cannot write nowhere/out.csv: No such file" "${columns[@]}" --quiet --out nowhere/out.csv "$orders"
mkdir -p folder
fails 1 "cannot write folder: Is a directory" "${columns[@]}" --quiet --out folder "$orders"
echo "of yesterday" >kept.csv
fails 1 "none of the 3 rows" --user u --time t --amount a --quiet --out kept.csv useless.csv
ok "a failed run leaves the file as it was" test "$(cat kept.csv)" = "of yesterday"
report "${columns[@]}" --quiet --out kept.csv "$orders"
ok "a good run replaces it" test "$(wc -l <kept.csv)" -eq 2358
ok "nothing is left beside it" test "$(find . -name 'kept.csv?*' | wc -l)" -eq 0
(umask 027 && "$program" "${columns[@]}" --quiet --out masked.csv "$orders")
ok "the umask is heeded" test "$(stat -c %a masked.csv)" = 640
cp "$orders" own.csv
ln -sf own.csv own_link.csv
fails 2 "--out is the input file" "${columns[@]}" --quiet --out own.csv own.csv
fails 2 "--out is the input file" "${columns[@]}" --quiet --out own_link.csv own.csv
ok "the input is as it was" cmp -s "$orders" own.csv
ln -sf real.csv link.csv
report "${columns[@]}" --quiet --out link.csv "$orders"
ok "a link stays a link" test -L link.csv -a "$(wc -l <real.csv)" -eq 2358

# ------------------------------------------------------------------------- --offers
offer() { printf 'grouping,name,offer\n%b' "$1" >table.csv; }
fails 1 "cannot open no_offers.csv" "${columns[@]}" --offers no_offers.csv "$orders"
offer 'shoe size,45,boots\n'
fails 1 "table.csv, line 2: grouping is class, lifecycle or tier" "${columns[@]}" --offers table.csv "$orders"
offer 'class,active-low-low,one\nclass,active-low-low,two\n'
fails 1 "line 3: this group has an offer already" "${columns[@]}" --offers table.csv "$orders"
offer 'class,active-low-low,\n'
fails 1 "line 2: grouping, name or offer is empty" "${columns[@]}" --offers table.csv "$orders"
offer 'class\n'
fails 1 "line 2: it has too few fields" "${columns[@]}" --offers table.csv "$orders"
echo 'grouping,name' >table.csv
fails 1 'no column "offer"' "${columns[@]}" --offers table.csv "$orders"
offer 'lifecycle,mature,"a set, with a comma"\nclass,no-order,ein Gruß\n'
report "${columns[@]}" --offers table.csv --out offered.csv "$orders"
exits 0 "a short table of offers"
line "mature 512 a set, with a comma"
line "churned 1,837 no offer"
says "neither their class nor their lifecycle stage has an offer: 1,837."
line "no-order 8 ein Gruß"
ok "an offer with a comma is quoted" grep -q '^00111,.*,"a set, with a comma",$' offered.csv
offer 'lifecycle,churned,one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen\n'
report "${columns[@]}" --offers table.csv "$orders"
narrow "a long offer"
says "thirteen fourteen fifteen"

# ---------------------------------------------------------------------- interrupted
# A reader that waits for more rows ends at once, by the signal, and leaves nothing behind.
mkfifo pipe
"$program" --user u --time t --amount a --quiet --out late.csv - <pipe 2>err &
waiting=$!
exec 9>pipe
printf 'u,t,a\nx,2024-01-01,1\n' >&9
sleep 0.3
kill -TERM "$waiting"
for ((i = 0; i < 100; i++)); do
    kill -0 "$waiting" 2>/dev/null || break
    sleep 0.1
done
kill -KILL "$waiting" 2>/dev/null
wait "$waiting" 2>/dev/null
code=$?
exec 9>&-
exits 143 "ended by SIGTERM"
ok "no file of an interrupted run" test "$(find . -name 'late.csv*' | wc -l)" -eq 0
