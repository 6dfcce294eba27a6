# shellcheck shell=bash disable=SC2154
# Files that are not what they should be. Sourced by run.sh.

columns=(--user u --time t --amount a)
fails 1 "cannot open nowhere.csv: No such file" "${columns[@]}" nowhere.csv
mkdir -p folder
fails 1 "folder: cannot be read: Is a directory" "${columns[@]}" folder
: >empty.csv
fails 1 "empty.csv: it is empty" "${columns[@]}" empty.csv
printf '\n\n\n' >blank.csv
fails 1 "blank.csv: it is empty" "${columns[@]}" blank.csv
echo u,t,a >header.csv
fails 1 "there is a header, but no row behind it" "${columns[@]}" header.csv
printf 'u,day,a\nx,2024-01-01,1\n' >other.csv
fails 1 'other.csv has no column "t"; it has: u, day, a' "${columns[@]}" other.csv
printf 'u,t,a,t\nx,2024-01-01,1,1\n' >twice.csv
fails 1 'has two columns "t"' "${columns[@]}" twice.csv
printf 'u,t,a\nx,soon,1\ny,later,1\nz,,1\n' >useless.csv
fails 1 'none of the 3 rows can be used; 2 of them: time that cannot be read, first in line 2: "soon"' \
    "${columns[@]}" useless.csv
printf 'u,t,a\nx,2024-01-01,1\n"y,2024-01-01,1\nz,2024-01-01,1\n' >open.csv
fails 1 "ends inside quotes; the record begins in line 3" "${columns[@]}" open.csv
printf 'u,t,"a"b\n' >bad_header.csv
fails 1 "header has text behind a closing quote" "${columns[@]}" bad_header.csv

# ------------------------------------------------------------------ not text at all
gzip -c "$orders" >orders.gz
fails 1 "compressed by gzip" "${columns[@]}" orders.gz
printf 'PK\x03\x04junk' >orders.xlsx
fails 1 "Excel workbook" "${columns[@]}" orders.xlsx
printf 'u,t,a\nx,2024-01-01,1\n' | iconv -f UTF-8 -t UTF-16 >utf16.csv
fails 1 "UTF-16" "${columns[@]}" utf16.csv
printf '\x7fELF\x02\x01\x01\x00\x00,t,a\nx,2024-01-01,1\n' >program.csv
fails 1 "control characters in its first line" "${columns[@]}" program.csv
printf 'u\033[31m,t,a\nx,2024-01-01,1\n' >escape.csv
report "${columns[@]}" escape.csv
exits 1 "an escape sequence in a title"
ok "escape sequences do not reach the terminal" test "$(grep -c $'\033' err)" -eq 0
printf 'u,t,a\nx,\033[31msoon,1\nx,2024-01-01,1\n' >escape.csv
report "${columns[@]}" escape.csv
line 'time that cannot be read 1 first in line 2: "?[31msoon"'
# Bytes without sense behind a good header: every row is accounted for.
{ echo u,t,a && head -c 300000 /dev/urandom | tr -d '"'; } >garbage.csv
report "${columns[@]}" garbage.csv
ok "garbage gives a report or a complaint, no crash" test "$code" -le 1

# ------------------------------------------------------------------------- too long
{ printf 'u,t,a\nx,2024-01-01,1\n' && head -c 10000000 /dev/zero | tr '\0' y && printf ',2024-01-01,2\n'; } >wide.csv
report "${columns[@]}" --out wide_out.csv --days 0 wide.csv
exits 0 "an id of 10 MB"
ok "it comes back whole" test "$(grep '^y' wide_out.csv | cut -d , -f 1 | wc -c)" -eq 10000001
{ printf 'u,t,a\nx,2024-01-01,1\n"' && head -c 70000000 /dev/zero | tr '\0' z; } >endless.csv
fails 1 "the record that begins in line 3 is longer than 64 MiB" "${columns[@]}" endless.csv
rm -f wide.csv wide_out.csv endless.csv
{ printf 'u,t,a' && for ((i = 0; i < 5000; i++)); do printf ',c%d' "$i"; done && echo; } >many.csv
{ printf 'x,2024-01-01,7' && for ((i = 0; i < 5000; i++)); do printf ','; done && echo; } >>many.csv
report "${columns[@]}" --days 0 many.csv
says "Revenue: 7.00."
fails 1 ", ..." --user nobody --time t --amount a many.csv

# ----------------------------------------------------------------- amounts at the end
printf 'u,t,a\nx,2024-01-01,90071992547409.91\ny,2024-01-01,90071992547409.92\nz,2024-01-01,1e5\nz,2024-01-01,"1,000"\n' >big.csv
report "${columns[@]}" --days 0 big.csv
says "Revenue: 90,071,992,547,409.91."
line 'amount that cannot be read 3 first in line 3: "90071992547409.92"'
printf 'u,t,p,q\nx,2024-01-01,9007199254.740991,9007199254.740991\nx,2024-01-01,0.0001,49\nx,2024-01-01,0.0001,50\n' >product.csv
report --user u --time t --price p --quantity q --days 0 product.csv
line 'amount that cannot be read 1 first in line 2: "9007199254.740991"'
says "Order lines worth 0, or rounding to it: 1, first in line 3."
says "Revenue: 0.01."
# 1,100 rows of the largest amount do not fit into a sum of 64 bits.
{ echo u,t,a && for ((i = 0; i < 1100; i++)); do echo "x,2024-01-01,90071992547409.91"; done; } >overflow.csv
report "${columns[@]}" overflow.csv
exits 1 "a sum beyond 64 bits"
ok "an overflow is said" test -s err
printf 'u,t,a\nx,2999-12-31 23:59,1\ny,3000-01-01,1\nz,1699-12-31,1\nw,1700-01-01,1\n' >ages.csv
report "${columns[@]}" --days 365 ages.csv
exits 0 "times at the ends of the range"
line 'time that cannot be read 2 first in line 3: "3000-01-01"'
