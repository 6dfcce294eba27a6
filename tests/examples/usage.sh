# shellcheck shell=bash disable=SC2154
# The command line. Sourced by run.sh.

report --help
exits 0 "--help"
says "Usage: rfm_report [options] FILE"
says "Exit status: 0 done; 1 the data or the disk is at fault; 2 the command line is."
ok "--help fits 100 columns" test "$(awk 'length($0) > 100' raw | wc -l)" -eq 0
# Every option of the table is explained.
for option in user time order amount quantity price no-amounts kind kinds refund-prefix negative \
    on-bad null delimiter decimal-comma time-unit tz tz-offset currency exponent as-of days scheme \
    bins collapse active-days dormant-days f-high f-low f-window m-high m-low growth-days \
    mature-days churn-days tiers tier-days threads out offers quiet help version; do
    ok "--help explains --$option" grep -q -- "--$option\b" raw
done

report --version
exits 0 "--version"
ok "--version says which" grep -qE '^rfm_report [0-9]+\.[0-9]+\.[0-9]+ ' out

columns=(--user customer --time date --amount dollars)
fails 2 "which file?"
fails 2 "one file at a time" "${columns[@]}" "$orders" other.csv
fails 2 "unrecognized option '--colour'" --colour red "$orders"
fails 2 "requires an argument" "$orders" --user
fails 2 "--user COLUMN is needed" --time date --amount dollars "$orders"
complains "customer, date, cds, dollars"
fails 2 "--time COLUMN is needed" --user customer --amount dollars "$orders"
fails 2 "--amount COLUMN (or --quantity and --price, or --no-amounts) is needed" \
    --user customer --time date "$orders"
fails 2 "not both" "${columns[@]}" --quantity cds --price dollars "$orders"
fails 2 "go together" --user customer --time date --quantity cds "$orders"
fails 2 "--no-amounts excludes" "${columns[@]}" --no-amounts "$orders"
fails 2 "needs --order" "${columns[@]}" --refund-prefix C "$orders"
fails 2 "needs --kind" "${columns[@]}" --kinds a=order "$orders"
fails 2 "exclude each other" "${columns[@]}" --tz UTC --tz-offset 60 "$orders"
fails 2 "a whole number from -1440 to 1440" "${columns[@]}" --tz-offset 2000 "$orders"
fails 2 'no time zone "Mars/Base"' "${columns[@]}" --tz Mars/Base "$orders"
fails 2 'no time zone "../../etc/passwd"' "${columns[@]}" --tz ../../etc/passwd "$orders"
fails 2 "--as-of is a date" "${columns[@]}" --as-of 31.12.1997 "$orders"
fails 2 "no amount of money" "${columns[@]}" --m-high lots "$orders"
fails 2 "no amount of money" "${columns[@]}" --m-low -5 "$orders"
fails 2 "a number from 0 up" "${columns[@]}" --f-high many "$orders"
fails 2 "three capitals" "${columns[@]}" --currency dollar "$orders"
fails 2 "one character or the word tab" "${columns[@]}" --delimiter ab "$orders"
fails 2 "is no kind of event" "${columns[@]}" --kind cds --kinds 1=gift "$orders"
fails 2 '"gold" is not' "${columns[@]}" --tiers silver=0,gold "$orders"
fails 2 "tier" "${columns[@]}" --tiers "gold=5,silver=0" "$orders"
fails 2 "threshold|quantile" "${columns[@]}" --scheme kmeans "$orders"
fails 2 "--bins needs" "${columns[@]}" --bins 4 "$orders"
fails 2 "add --quiet" "${columns[@]}" --out - "$orders"
fails 2 "would give nothing" "${columns[@]}" --quiet "$orders"
