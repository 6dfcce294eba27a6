# shellcheck shell=bash disable=SC2059,SC2154
# What becomes of each row. Sourced by run.sh.

# ------------------------------------------------------- every reason, counted once
cat >reasons.csv <<'CSV'
customer,time,order,what,price,quantity
ann,2024-01-01 10:00,o1,buy,0.285,1
ann,2024-01-01 10:00,o1,buy,1.005,1
ann,2024-01-05 10:00,o2,buy,10,3
,2024-01-05 10:00,o3,buy,1,1
bob,,o4,buy,1,1
bob,yesterday,o4,buy,1,1
bob,2024-01-06,o4,,1,1
bob,2024-01-06,o4,gift,1,1
bob,2024-01-06,o4,buy,,1
bob,2024-01-06,o4,buy,cheap,1
bob,2024-01-06,o4,buy,5,-1
bob,2024-01-06,o4,buy
bob,2024-01-06,"o4"x,buy,5,1
bob,2024-01-07,,cancel,,
bob,2024-01-07,o9,look,,
cid,2024-01-08,o5,buy,20,1
cid,2024-01-09,o5,cancel,,
dot,2024-01-08,o6,buy,20,1
dot,2024-01-08,C7,buy,5,1
eve,2024-01-08,o8,buy,0,1
CSV
columns=(--user customer --time time --order order --kind what
    --kinds "buy=order,cancel=cancel,look=skip" --price price --quantity quantity --refund-prefix C)
report "${columns[@]}" --days 0 --out reasons_out.csv reasons.csv
exits 0 "a file with bad rows"
line "read 20"
line "taken 8"
line "order lines 6"
line "cancel 1"
line "refund 1"
line "left out as --kinds asks 1"
line "bad, left out 11"
line "not as many fields as the header 1 first in line 13"
line "text behind a closing quote 1 first in line 14"
line "no customer 1 first in line 5"
line "no time 1 first in line 6"
line 'time that cannot be read 1 first in line 7: "yesterday"'
line "no kind of event 1 first in line 8"
line 'kind that --kinds does not name 1 first in line 9: "gift"'
line "no amount 1 first in line 10"
line 'amount that cannot be read 1 first in line 11: "cheap"'
line 'negative amount, not a refund 1 first in line 12: "-1"'
line "cancellation of no order 1 first in line 15"
says 'because their order id begins with "C": 1, first in line 20.'
# 0.285 and 1.005 are rounded half away from zero, as decimals: 0.29 + 1.01 + 30.00
ok "lines of one order are one order; cents are exact" grep -q "^ann,5,2,2,15.65,31.30," reasons_out.csv
ok "a canceled order is not counted" grep -q "^cid,,0,0,0.00,0.00,2,0,0,0,no-order," reasons_out.csv
ok "a refund lowers what was spent" grep -q "^dot,2,1,1,15.00,15.00," reasons_out.csv
ok "an order of nothing is not counted" grep -q "^eve,,0,0,0.00,0.00,2,0,0,0,no-order," reasons_out.csv
ok "a customer whose rows were all bad is not there" test "$(grep -c ^bob reasons_out.csv)" -eq 0

fails 1 "reasons.csv, line 5: no customer (--on-bad skip" "${columns[@]}" --on-bad fail reasons.csv
head -n 4 reasons.csv >good.csv
report "${columns[@]}" --on-bad fail good.csv
exits 0 "--on-bad fail on good rows"

# --------------------------------------------------------------- negative amounts
printf 'u,t,o,a\nx,2024-01-01,1,100\nx,2024-01-02,1,-30\ny,2024-01-02,2,50\n' >negative.csv
columns=(--user u --time t --order o --amount a --days 0)
report "${columns[@]}" negative.csv
line 'negative amount, not a refund 1 first in line 3: "-30"'
says "Revenue: 150.00."
report "${columns[@]}" --negative refund --out negative_out.csv negative.csv
line "refund 1"
says "because their amount is negative (--negative refund): 1, first in line 3."
says "Orders: 2. Revenue: 120.00."
ok "the refund lowers its order" grep -q "^x,2,1,1,70.00,70.00," negative_out.csv

# ------------------------------------------------------- kinds, and no money at all
cat >visits.csv <<'CSV'
u,t,k,o
a,1704103200,pv,
a,1704103300,buy,7
a,1704103400,buy,7
b,1704103200,cart,
c,1704103200,pv,
d,1704103200,buy,8
d,1704189600,back,8
CSV
columns=(--user u --time t --kind k --order o --no-amounts --days 0)
report "${columns[@]}" --kinds "buy=order,pv=view,cart=cart,back=refund" --out visits_out.csv visits.csv
exits 0 "events without amounts"
line "view 2"
line "cart 1"
line "order lines 3"
says "Customers: 4. Orders: 1."
says "The file has no amounts, so every value is low."
ok "no money is shown" test "$(grep -ciE 'revenue|tiers' out)" -eq 0
line "aware 2 50.0 % 0 0.0 %" # c looked, d gave back what they bought
line "interested 1 25.0 % 0 0.0 %"
line "buyer 1 25.0 % 1 100.0 %"
ok "money is empty in --out, not zero" grep -qE "^a,2,1,1,,,2,3,[0-9],[0-9],active-low-low,active,new,buyer,0,,,$" visits_out.csv
ok "a refund of a known order cancels it" grep -q "^d,,0,0,,," visits_out.csv
printf 'u,t,k\na,2024-01-01,order\na,2024-01-01,gift\nb,2024-01-01,view\n' >named.csv
report --user u --time t --kind k --no-amounts --days 0 named.csv
line "order lines 1"
line "view 1"
line 'kind that --kinds does not name 1 first in line 3: "gift"'

# --------------------------------------------- nothing here; currencies; no decimals
printf 'u,t,a\nNULL,2024-01-01,1\nnan,2024-01-01,1\n\\N,2024-01-01,1\n  ,2024-01-01,1\nx,2024-01-01,NULL\nx,2024-01-01,1\n' >nulls.csv
columns=(--user u --time t --amount a --days 0)
report "${columns[@]}" nulls.csv
line "no customer 4 first in line 2"
line "no amount 1 first in line 6"
report "${columns[@]}" --null "x,nan" nulls.csv
line "no customer 4 first in line 3"
line 'order lines 2'
printf 'u,t,a\nx,2024-01-01,1999.5\ny,2024-01-01,-0.4\n' >yen.csv
report "${columns[@]}" --currency JPY yen.csv
says "Revenue: 2,000 JPY."
report "${columns[@]}" --currency KWD yen.csv
says "Revenue: 1,999.500 KWD."
report "${columns[@]}" --exponent 0 yen.csv
says "Revenue: 2,000."

# ------------------------------------------ two texts with one hash are not one customer
# XXH3 multiplies two 8-byte lanes of a 17 to 128 byte text; the first of these makes one of the
# factors zero, so the other lane does not matter. Such texts do not happen, they are made.
lane='\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe'
printf "u,t,a\n${lane}AAAAAAAA0123456789abcdef,2024-01-01,1\n${lane}BBBBBBBB0123456789abcdef,2024-01-01,2\n" >collide.csv
fails 1 "have the same id" "${columns[@]}" collide.csv
