# shellcheck shell=bash disable=SC2034,SC2154
# What is kept between two runs. Sourced by run.sh.

columns=(--user customer --time date --amount dollars)
report "${columns[@]}" --quiet --out whole.csv "$orders"

# ------------------------------------------------------------- the same in two parts
head -n 3000 "$orders" >first.csv
{ head -n 1 "$orders" && tail -n +3001 "$orders"; } >second.csv
report "${columns[@]}" --quiet --state kept.pmkt first.csv
exits 0 "a new state"
ok "the state is private" test "$(stat -c %a kept.pmkt kept.pmkt.ids | sort -u)" = 600
cp kept.pmkt shown.pmkt && cp kept.pmkt.ids shown.pmkt.ids
report "${columns[@]}" --state shown.pmkt second.csv
says "This goes on from shown.pmkt, which had taken 2,999 rows before"
report "${columns[@]}" --quiet --state kept.pmkt --out parts.csv second.csv
exits 0 "a state goes on"
same whole.csv parts.csv "two runs know what one does"
ok "nothing is left beside the state" test "$(find . -name 'kept.pmkt*' | wc -l)" -eq 2
cp kept.pmkt good.pmkt && cp kept.pmkt.ids good.pmkt.ids
report "${columns[@]}" --quiet --state other.pmkt "$orders"
same kept.pmkt other.pmkt "two runs leave the bytes that one does"
same kept.pmkt.ids other.pmkt.ids "two runs leave the names that one does"

# ----------------------------------------------------------------- what does not fit
fails 2 "different time zones" "${columns[@]}" --tz-offset 60 --quiet --state kept.pmkt second.csv
fails 2 "has prices and the other has none" --user customer --time date --no-amounts --quiet \
    --state kept.pmkt second.csv
report "${columns[@]}" --currency USD --quiet --state dollars.pmkt first.csv
fails 1 "USD" "${columns[@]}" --currency EUR --quiet --state dollars.pmkt second.csv
fails 1 "no column \"total\"" --user customer --time date --amount total --quiet --state kept.pmkt second.csv
fails 2 "--state is the input file" "${columns[@]}" --quiet --state second.csv second.csv
ln -f first.csv alias.csv
fails 2 "--state is the file of --out" "${columns[@]}" --quiet --state alias.csv --out first.csv second.csv
fails 2 "--quiet without --out or --state would give nothing" "${columns[@]}" --quiet second.csv
same kept.pmkt good.pmkt "a failed run leaves the state as it was"
same kept.pmkt.ids good.pmkt.ids "a failed run leaves the names as they were"

# ------------------------------------------------------------------- what is damaged
fails 1 "second.csv: " "${columns[@]}" --quiet --state second.csv first.csv
head -c 5000 good.pmkt >cut.pmkt && cp good.pmkt.ids cut.pmkt.ids
fails 1 "cut.pmkt: " "${columns[@]}" --quiet --state cut.pmkt second.csv
ok "it is not written over" test "$(stat -c %s cut.pmkt)" -eq 5000
cp good.pmkt nameless.pmkt
fails 1 "nameless.pmkt.ids: " "${columns[@]}" --quiet --state nameless.pmkt second.csv
cp good.pmkt.ids headless.pmkt.ids
fails 1 "headless.pmkt.ids is there, but headless.pmkt is not" "${columns[@]}" --quiet --state headless.pmkt second.csv
cp good.pmkt.ids swapped.pmkt && cp good.pmkt swapped.pmkt.ids
fails 1 "swapped.pmkt: " "${columns[@]}" --quiet --state swapped.pmkt second.csv
fails 1 "nowhere/x.pmkt.ids: " "${columns[@]}" --quiet --state nowhere/x.pmkt second.csv
