# shellcheck shell=bash disable=SC2154
# The ways in which people write CSV. Sourced by run.sh.

columns=(--user u --time t --amount a --days 0 --quiet --out)
printf 'u,t,a\nann,2024-01-01,1.50\nbob,2024-01-02,2.25\n' >plain.csv
report "${columns[@]}" expected.csv plain.csv
exits 0 "a plain file"
ok "two customers" test "$(wc -l <expected.csv)" -eq 3

# reads WHAT [OPTION...]: stdin means the same as plain.csv.
reads() {
    local what=$1
    shift
    rm -f got.csv
    piped "${columns[@]}" got.csv "$@"
    exits 0 "$what"
    same expected.csv got.csv "$what reads the same"
}

reads "CRLF line ends" < <(sed 's/$/\r/' plain.csv)
reads "CR line ends" < <(tr '\n' '\r' <plain.csv)
reads "a byte order mark" < <(printf '\xef\xbb\xbf' && cat plain.csv)
reads "no line end at the end" < <(head -c -1 plain.csv)
reads "blank lines" < <(sed 's/$/\n/' plain.csv)
reads "semicolons" < <(tr , ';' <plain.csv)
reads "tabs" < <(tr , '\t' <plain.csv)
reads "bars" < <(tr , '|' <plain.csv)
reads "a delimiter that is asked for" --delimiter : < <(tr , : <plain.csv)
reads "tabs that are asked for" --delimiter tab < <(tr , '\t' <plain.csv)
reads "decimal commas" --decimal-comma < <(tr ,. ';,' <plain.csv)
reads "quotes around everything" < <(sed 's/[^,]*/"&"/g' plain.csv)
reads "columns in another order and more of them" < <(awk -F, '{ print "x" NR "," $3 "," $1 ",," $2 }' plain.csv)
reads "spaces around numbers and dates" < <(sed 's/\(.*\),\(.*\),\(.*\)/\1, \2 , \3 /; 1s/ //g' plain.csv)
reads "a quoted title with the delimiter in it" \
    < <(sed '1s/.*/u,"a, b; c; d; e",t,a/; 2,$s/,/,x,/' plain.csv)

# Fields that hold what separates fields; they come back quoted in --out.
{
    printf 'u,note,t,a\n'
    printf '"a, ""b""","two\nlines, and\r\nthree",2024-01-01,1\n'
    printf '"c\nd","",2024-01-01,2\n'
    printf 'e,"x",never,3\n'
} >quoted.csv
report --user u --time t --amount a --days 0 --out got.csv quoted.csv
exits 0 "quoted fields"
line "order lines 2"
line 'time that cannot be read 1 first in line 7: "never"'
ok "an id with a comma and quotes comes back" grep -q '^"a, ""b""",1,1,' got.csv
ok "an id of two lines comes back" grep -A 1 -q '^"c$' got.csv

# A quote in the middle of a plain field is just a character.
piped --user u --time t --amount a --days 0 < <(printf 'u,size,t,a\nann,5" nail,2024-01-01,1\n')
exits 0 "a quote inside a plain field"
