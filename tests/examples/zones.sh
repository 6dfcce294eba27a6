# shellcheck shell=bash disable=SC2059,SC2154
# Times and zones. Sourced by run.sh.

# recency OF ARGUMENT...: the days since the last order of the only customer in stdin.
recency() {
    local wanted=$1 what=$2
    shift 2
    piped --user u --time t --amount a --days 0 --quiet --out got.csv "$@"
    exits 0 "$what"
    ok "$what: $wanted days ago" test "$(awk -F, 'NR == 2 { print $2 }' got.csv)" = "$wanted"
}

# 2024-03-09 17:30 UTC is the 10th in Shanghai (+8).
day='u,t,a\nx,%s,1\n'
recency 3 "an instant, days of UTC" --as-of 2024-03-12 < <(printf "$day" 2024-03-09T17:30:00Z)
recency 2 "an instant, days of Shanghai" --as-of 2024-03-12 --tz Asia/Shanghai \
    < <(printf "$day" 2024-03-09T17:30:00Z)
recency 2 "the same by its offset" --as-of 2024-03-12 --tz-offset 480 \
    < <(printf "$day" 2024-03-09T17:30:00Z)
recency 3 "wall-clock time stays on its day" --as-of 2024-03-12 --tz Asia/Shanghai \
    < <(printf "$day" "2024-03-09 17:30:00")
recency 2 "seconds" --as-of 2024-03-12 --tz Asia/Shanghai < <(printf "$day" 1710005400)
recency 2 "seconds with a fraction" --as-of 2024-03-12 --tz Asia/Shanghai < <(printf "$day" 1710005400.75)
recency 2 "milliseconds" --as-of 2024-03-12 --tz Asia/Shanghai < <(printf "$day" 1710005400000)
recency 3 "a date of eight digits" --as-of 2024-03-12 < <(printf "$day" 20240309)
recency 19793 "small seconds that are asked for" --as-of 2024-03-12 --time-unit s < <(printf "$day" 86400)

# London's clocks go forward on 2024-03-31 at 01:00 UTC: 23:30 UTC on that day is April there.
recency 1 "before the change" --as-of 2024-03-31 --tz Europe/London < <(printf "$day" 2024-03-30T23:30:00Z)
recency 0 "after the change" --as-of 2024-04-01T12:00 --tz Europe/London < <(printf "$day" 2024-03-31T23:30:00Z)

# The default as-of is the midnight after the last event, in the zone.
piped --user u --time t --amount a --days 0 --tz Asia/Shanghai < <(printf "$day" 2024-03-09T17:30:00Z)
says "from 2024-03-10 01:30:00 to 2024-03-10 01:30:00 (Asia/Shanghai). The question is asked as of 2024-03-11 00:00:00."

# A unit that does not fit is not guessed away.
piped --user u --time t --amount a < <(printf "$day" 1710005400000000)
exits 1 "microseconds"
complains 'time that cannot be read, first in line 2: "1710005400000000"'
