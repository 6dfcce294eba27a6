# shellcheck shell=bash disable=SC2154
# The invoices of online_retail, if they are there. Sourced by run.sh.

invoices=$data/online_retail.csv.xz
taobao=$data/taobao_behaviour.csv.xz
columns=(--user CustomerID --time InvoiceDate --order InvoiceNo --quantity Quantity --price UnitPrice
    --refund-prefix C --tz Europe/London --currency GBP)

if [[ ! -r $invoices || ! -r $taobao ]]; then
    echo "SKIPPED: online_retail.csv.xz and taobao_behaviour.csv.xz are not in $data (set PMKT_DATA)"
    ok "with CI=true the data must be there" test "${CI-}" != true
elif ! command -v xz >/dev/null; then
    echo "SKIPPED: online_retail.csv.xz needs xz (Debian: xz-utils)"
    ok "with CI=true xz must be there" test "${CI-}" != true
else
    piped "${columns[@]}" --offers "$offers" --out retail.csv < <(xz -dc "$invoices")
    exits 0 "online_retail"
    line "read 541,909"
    line "taken 406,829"
    line "order lines 397,924"
    line "refund 8,905"
    line "bad, left out 135,080"
    line "no customer 135,080 first in line 624"
    says 'because their order id begins with "C": 8,905, first in line 143.'
    says "Order lines worth 0, or rounding to it: 44, first in line 9,304."
    says "Events from 2010-12-01 08:26:00 to 2011-12-09 12:50:00 (Europe/London). The question is asked as of 2011-12-10 00:00:00."
    says "Customers: 4,372. Orders: 18,532. Revenue: 8,300,065.81 GBP."
    line "active-high-high 59 1.3 % 1,648 8.9 % 1,744,301.91 21.0 % 1,058.44 重要价值"
    line "active-low-high 1,119 25.6 % 7,646 41.3 % 3,753,528.07 45.2 % 490.91 重要发展"
    line "dormant-low-high 1,745 39.9 % 4,428 23.9 % 2,057,056.61 24.8 % 464.56 重要挽留"
    line "no-order 34 0.8 % 0 0.0 % -10,411.24 -0.1 % – 未购买"
    says "active-low-high: 25.6 % of the customers bring 45.2 % of the revenue."
    line "growth 914 20.9 % 1,484 8.0 % 535,428.61 6.5 % 360.80"
    line "gold 253 5.8 % 4,064,961.64 –"
    line "7 dormant-low-high · · 437 25 · · 1,051 21 ·"
    line "not a customer then 33 7 255 154 10 2 346 150 3"
    says "Wake-up rate: of 1,491 customers who were dormant, 318 are active now (21.3 %)."
    says "To win back, active or cooling then and dormant now: 584. They have brought 473,031.80."
    line "churned 513 return gift"
    ok "one row a customer" test "$(wc -l <retail.csv)" -eq 4373

    piped --user user --time time --kind kind --no-amounts --tz Asia/Shanghai --days 5 \
        --kinds "pv=view,cart=cart,fav=favorite,buy=order" < <(xz -dc "$taobao")
    exits 0 "taobao_behaviour"
    line "view 75,658"
    line "favorite 2,351"
    line "cart 4,494"
    line "order lines 1,749"
    says "Customers: 814. Orders: 1,749."
    line "active-high-low 250 30.7 % 1,318 75.4 % 一般价值"
    line "interested 196 24.1 % 0 0.0 %"
    line "4 active-low-low 108 136 ·"
fi
