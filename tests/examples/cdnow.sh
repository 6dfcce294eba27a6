# shellcheck shell=bash disable=SC2154
# The numbers of the CDNOW orders. Sourced by run.sh.

columns=(--user customer --time date --amount dollars --currency USD)

# ------------------------------------------------------------ the default bounds
report "${columns[@]}" --offers "$offers" --out customers.csv "$orders"
exits 0 "CDNOW with the default bounds"
ok "nothing on stderr" test ! -s err
narrow "CDNOW"
ok "no line ends in spaces" test "$(grep -c ' $' raw)" -eq 0
line "read 6,919"
line "order lines 6,919"
line "bad, left out 0 none"
says "Order lines worth 0, or rounding to it: 8, first in line 227."
says "Events from 1997-01-01 00:00:00 to 1998-06-30 00:00:00 (UTC). The question is asked as of 1998-07-01 00:00:00."
says "Customers: 2,357. Orders: 6,911. Revenue: 244,091.94 USD."
line "active-low-low 138 5.9 % 1,349 19.5 % 44,692.08 18.3 % 33.13 一般发展"
line "dormant-high-low 27 1.1 % 205 3.0 % 12,075.49 4.9 % 58.90 一般保持"
line "dormant-low-high 5 0.2 % 5 0.1 % 1,815.15 0.7 % 363.03 重要挽留"
line "dormant-low-low 2,179 92.4 % 5,352 77.4 % 185,509.22 76.0 % 34.66 一般挽留"
line "no-order 8 0.3 % 0 0.0 % 0.00 0.0 % – 未购买"
line "all 2,357 100.0 % 6,911 100.0 % 244,091.94 100.0 % 35.32"
says "dormant-low-low: 92.4 % of the customers bring 76.0 % of the revenue."
line "mature 512 21.7 % 3,632 52.6 % 130,468.65 53.5 % 35.92"
line "churned 1,845 78.3 % 3,279 47.4 % 113,623.29 46.5 % 34.65"
says "not churned yet: 215."
line "silver 2,357 100.0 % 97,963.70 4,958.44"
line "4 active-low-low 54 · · 144 ·"
line "8 dormant-low-low 82 · · 2,034 ·"
says "Wake-up rate: of 1,969 customers who were dormant, 55 are active now (2.8 %)."
says "Of 200 who were active, 101 are dormant now (50.5 %)."
says "Churn: 168 of 590 buyers who had not churned then have since (28.5 %)."
says "dormant now: 214. They have brought 40,127.77."
line "dormant-low-low 2,179 first order 50 % off"
line "dormant-low-high 5 by lifecycle, below"
line "mature 1 premium set"
line "churned 39 return gift"
line "gold 0 presale and double points"
says 'Line 12 is not used: there is no tier "diamond".'

header=customer,recency_days,orders,orders_per_month,average_order,revenue,tenure_days,r,f,m,class
header+=,activity,lifecycle,brand_stage,at_risk,tier,tier_spend,to_next_tier,class_before,win_back
header+=,offer,tier_benefit
ok "the header of --out" test "$(head -n 1 customers.csv)" = "$header"
ok "one row a customer" test "$(wc -l <customers.csv)" -eq 2358
ok "the ids come back as they were, each once" cmp -s \
    <(tail -n +2 customers.csv | cut -d , -f 1 | sort) <(tail -n +2 "$orders" | cut -d , -f 1 | sort -u)
ok "the rows add up to the revenue" test \
    "$(awk -F, 'NR > 1 { s += $6; n += $3 } END { printf "%.2f %d", s, n }' customers.csv)" = "244091.94 6911"
# row START: the row of --out that begins so.
row() { ok "a row of --out: $1" grep -q -- "^$1" customers.csv; }
row "00004,201,4,0.347826,25.13,100.50,546,1,1,1,dormant-low-low,dormant,churned,buyer,0,silver,41.44,4958.56,dormant-low-low,0,"
row "00021,534,2,2,37.56,75.11,546,1,2,1,dormant-low-low,dormant,churned,buyer,0,silver,0.00,5000.00,dormant-low-low,0,"

# ------------------------------------------------------- bounds that fit this shop
fitting=(--active-days 60 --dormant-days 180 --f-high 1 --f-low 0.5 --m-high 40 --m-low 15
    --tiers "silver=0,gold=100,diamond=300")
report "${columns[@]}" "${fitting[@]}" --offers "$offers" --out fitting.csv "$orders"
exits 0 "CDNOW with its own bounds"
line "active-high-high 5 0.2 % 112 1.6 % 6,165.60 2.5 % 55.05 重要价值"
line "active-high-low 24 1.0 % 659 9.5 % 18,406.92 7.5 % 27.93 一般价值"
line "active-low-high 52 2.2 % 356 5.2 % 23,794.10 9.7 % 66.84 重要发展"
line "dormant-high-high 327 13.9 % 720 10.4 % 50,519.91 20.7 % 70.17 重要保持"
line "dormant-high-low 1,165 49.4 % 1,766 25.6 % 38,129.06 15.6 % 21.59 一般保持"
line "diamond 83 3.5 % 42,907.85 –"
line "gold 193 8.2 % 32,846.79 129.81"
line "7 dormant-low-high · · 15 3 · · 106 1 ·"
says "To win back, active or cooling then and dormant now: 168. They have brought 24,187.49."
line "diamond 83 co-creation of new products"
ok "every offer is used" test "$(grep -c 'is not used' flat)" -eq 0
ok "the win-back list is in --out" test "$(awk -F, '$20 == 1' fitting.csv | wc -l)" -eq 168
ok "a row with a tier of its own" grep -q \
    "^00111,11,16,0.897196,69.19,1107.04,546,3,2,3,active-low-high,active,mature,loyal,0,diamond,673.90,0.00," fitting.csv

# ---------------------------------------------------------------------- quantiles
report "${columns[@]}" --scheme quantile --days 0 --out quantile.csv "$orders"
exits 0 "CDNOW by quantiles"
line "champions 622 26.4 % 4,426 64.0 % 164,418.10 67.4 % 37.15"
line "5 151 4 130.58"
ok "no migration with --days 0" test "$(grep -c 'What moved' out)" -eq 0
ok "scores of a row" grep -q "^00004,201,4,0.347826,25.13,100.50,546,4,4,4,champions," quantile.csv

# ------------------------------------------------ the same answer on any road to it
report "${columns[@]}" --offers "$offers" --out one.csv --quiet --threads 1 "$orders"
exits 0 "one thread"
ok "--quiet is quiet" test ! -s raw -a ! -s err
same customers.csv one.csv "one thread gives the same rows as all"
piped "${columns[@]}" --offers "$offers" --out - --quiet <"$orders"
exits 0 "stdin to stdout"
same customers.csv raw "stdin to stdout gives the same rows"
{ head -n 1 "$orders" && tail -n +2 "$orders" | sort -t , -k 4; } >shuffled.csv
report "${columns[@]}" --offers "$offers" --out shuffled_out.csv --quiet shuffled.csv
ok "the order of the rows does not matter" cmp -s <(sort customers.csv) <(sort shuffled_out.csv)

# --------------------------------------------------------------------------- as-of
report "${columns[@]}" --as-of 1997-04-01 --out early.csv "$orders"
exits 0 "an earlier date"
ok "later orders are not seen" test "$(awk -F, 'NR > 1 { n += $3 } END { print n }' early.csv)" -eq \
    "$(awk -F, 'NR > 1 && $2 < "1997-04-01" && $4 > 0' "$orders" | wc -l)"
fails 1 "no customer was known before 1996-01-01: the first event is of 1997-01-01" \
    "${columns[@]}" --as-of 1996-01-01 "$orders"
report "${columns[@]}" --days 100000 "$orders"
says "No customer was known 100000 days before"
