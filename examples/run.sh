#!/usr/bin/env bash
# Shows the main job: who is worth what, what would they like, what are they about to do, also live. See --help.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: examples/run.sh                      the main job on the orders in examples/data/, then
                                            what would they like, and what are they about to do;
                                            the last once more, live, in a simulated shop
       examples/run.sh FILE [options]       the same on a file of yours
       examples/run.sh --options            all options of the program behind it
       examples/run.sh like [arguments]     only that: examples/cf_recommend.c, on the
                                            made-up shop in examples/data/ or a CSV file of yours
       examples/run.sh ahead [arguments]    only that: examples/intent_ahead.c, likewise
       examples/run.sh live [arguments]     only that, as they do it: examples/live.c, on six
                                            actions in a simulated shop, or a stream of yours
       examples/run.sh simulate [options]   writes a simulated log: examples/simulate_shop.c
       examples/run.sh --help

Builds the library and its examples into build/examples, then runs the program. FILE is a
CSV file, or - for standard input; if its name ends in .xz, .gz, .zst or .bz2 it is decompressed on
the way. Its columns are named by options:

  examples/run.sh orders.csv --user customer --time date --order order_id --amount total
  examples/run.sh lines.csv.gz --user CustomerID --time InvoiceDate --order InvoiceNo \
      --quantity Quantity --price UnitPrice --refund-prefix C --tz Europe/London --currency GBP
  examples/run.sh ahead clicks.csv.xz --user uid --item iid --time ts --kind action --category cat \
      --kinds pv=view,fav=favorite,buy=order --utc-offset 480
  tail -f today.csv | examples/run.sh live --fit past.csv --rules my.rules --reload --evidence -

Missing tools are installed with apt-get if you are root on Debian or Ubuntu; else their names are
printed. The exit status is that of the program: 0 done, 1 the data or the disk is at fault, 2 the
command line is.

Environment: CC chooses the compiler.
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
build=$root/build/examples
program=$build/examples/rfm_report
recommend=$build/examples/cf_recommend
ahead=$build/examples/intent_ahead
live=$build/examples/live
simulate=$build/examples/simulate_shop
# shellcheck source=tests/needs.sh
source "$root/tests/needs.sh"

# Besides what the tests know: commands that are not called as their package, and files.
missing() {
    local package
    for package in "$@"; do
        case $package in
            xz-utils) command -v xz >/dev/null || echo "$package" ;;
            tzdata) [[ -e ${TZDIR:-/usr/share/zoneinfo}/Europe/London ]] || echo "$package" ;;
            *) has "$package" || echo "$package" ;;
        esac
    done
}

# build: quiet, unless it fails.
build() {
    local log=$root/build/examples.log
    need build-essential cmake ninja-build libxxhash-dev libzstd-dev tzdata >&2
    mkdir -p "$build"
    [[ -x $program && -x $recommend && -x $ahead && -x $live && -x $simulate ]] ||
        echo "examples/run.sh: building; the first time takes a minute or so" >&2
    if ! { cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DPMKT_BUILD_TESTS=OFF &&
        cmake --build "$build" --target rfm_report cf_recommend intent_ahead live simulate_shop; } >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "examples/run.sh: the build failed; all of its output is in $log" >&2
        exit 1
    fi
}

# unpacker FILE: prints the command that decompresses it, nothing for a plain file.
unpacker() {
    case $1 in
        *.xz) echo xz ;;
        *.gz) echo gzip ;;
        *.zst) echo zstd ;;
        *.bz2) echo bzip2 ;;
    esac
}

# find_packed ARGUMENT...: prints the place of the compressed input among the arguments, if there is
# one. What stands behind an option that takes a value is that value, such as --out x.csv.gz.
find_packed() {
    local i=0 before=
    for argument in "$@"; do
        case $before in
            --no-amounts | --decimal-comma | --quiet | --remember | --evidence | --stats | --reload | --*=*) before= ;;
        esac
        if [[ $before != --* && $argument != -* && -n $(unpacker "$argument") ]]; then
            echo "$i"
            return
        fi
        before=$argument
        i=$((i + 1))
    done
}

# run PROGRAM ARGUMENT...: the program, behind a decompressor if its input needs one.
run() {
    local program=$1 place tool file
    shift
    local -a arguments=("$@") status
    place=$(find_packed "$@")
    if [[ -z $place ]]; then
        "$program" "$@"
        return
    fi
    file=${arguments[place]}
    if [[ ! -f $file || ! -r $file ]]; then
        echo "examples/run.sh: there is no file $file that can be read" >&2
        return 1
    fi
    arguments[place]=-
    tool=$(unpacker "$file")
    case $tool in
        xz) need xz-utils >&2 ;;
        *) need "$tool" >&2 ;;
    esac
    set +e
    "$tool" -dc <"$file" | "$program" "${arguments[@]}"
    status=("${PIPESTATUS[@]}")
    set -e
    # A program that ends early breaks the pipe; then its own status says more.
    if ((status[1] != 0)); then return "${status[1]}"; fi
    if ((status[0] != 0)); then
        echo "examples/run.sh: $tool could not decompress all of $file; the report lacks the rest" >&2
        return 1
    fi
}

# show COMMAND...: prints it as one would type it, broken before options.
show() {
    local word line="  $1"
    shift
    for word in "$@"; do
        if [[ $word == *[^A-Za-z0-9_./=,-]* ]]; then word=${word@Q}; fi
        if [[ $word == --* ]] && ((${#line} > 60)); then
            echo "$line \\"
            line="     "
        fi
        line+=" $word"
    done
    echo "$line"
}

# The six actions of one customer among all those of 11 March, and what the days before teach.
six_actions=(
    --fit "${build#"$PWD"/}/sim_past.csv" --remember --for sim-0265 --evidence --stats
    "${build#"$PWD"/}/sim_day.csv"
)

# sample: the log of a shop that does not exist, the same bytes on every machine, cut into past and present.
sample() {
    "$simulate" --out "$build/sim_log.csv"
    awk -F , 'NR == 1 || $1 < "2026-03-11"' "$build/sim_log.csv" >"$build/sim_past.csv"
    awk -F , 'NR == 1 || $1 >= "2026-03-11" && $1 < "2026-03-12"' "$build/sim_log.csv" >"$build/sim_day.csv"
}

main_job() {
    local name=$here customers=$build/cdnow_customers.csv
    name=${name#"$PWD"/}
    # CDs are cheap and seldom bought: the bounds are not those of a supermarket.
    local -a arguments=(
        --user customer --time date --amount dollars --currency USD
        --active-days 60 --dormant-days 180 --f-high 1 --f-low 0.5 --m-high 40 --m-low 15
        --tiers "silver=0,gold=100,diamond=300"
        --offers "$name/data/offers.csv" --out "${customers#"$PWD"/}" "$name/data/cdnow_orders.csv"
    )
    echo "The orders of 2,357 customers of an online shop for CDs, 1997 to 1998. The command:"
    echo
    show "${program#"$PWD"/}" "${arguments[@]}"
    run "$program" "${arguments[@]}"
    echo
    echo "One row a customer is in ${customers#"$PWD"/}; some of its columns:"
    head -n 4 "$customers" | cut -d , -f 1-3,5,6,11,13,16,18,20 | sed 's/^/  /'
    echo
    echo "What would they like, and what goes with what? The events of a made-up shop. The command:"
    echo
    show "${recommend#"$PWD"/}" "$name/data/shop_events.csv"
    "$recommend" "$name/data/shop_events.csv"
    echo
    echo "What are they about to do? The same events. The command:"
    echo
    show "${ahead#"$PWD"/}" "$name/data/shop_events.csv"
    "$ahead" "$name/data/shop_events.csv"
    echo
    echo "And while they do it? Six actions of one customer of a shop that is simulated, live, by a model of"
    echo "the nine days before and the built-in rules. us: the microseconds of the call. The command:"
    echo
    sample
    show "${live#"$PWD"/}" "${six_actions[@]}"
    echo
    "$live" "${six_actions[@]}"
    echo
    echo "On a file of yours: ${BASH_SOURCE[0]} FILE --user … --time … --amount …    (--options lists the rest)"
}

case ${1-} in
    -h | --help)
        usage
        ;;
    --options)
        build
        "$program" --help
        ;;
    like)
        build
        shift
        if (($# == 0)); then set -- "$here/data/shop_events.csv"; fi
        run "$recommend" "$@"
        ;;
    ahead)
        build
        shift
        if (($# == 0)); then set -- "$here/data/shop_events.csv"; fi
        run "$ahead" "$@"
        ;;
    live)
        build
        shift
        if (($# == 0)); then
            sample
            set -- "${six_actions[@]}"
        fi
        run "$live" "$@"
        ;;
    simulate)
        build
        shift
        "$simulate" "$@"
        ;;
    "")
        build
        main_job
        ;;
    *)
        # A word that is no option and no file, and is not written as one, is a slip.
        if [[ $1 != -* && $1 != *[./]* && ! -e $1 ]]; then
            echo "examples/run.sh: \"$1\" is no file, and none of like, ahead, live and simulate; --help says more" >&2
            exit 2
        fi
        build
        run "$program" "$@"
        ;;
esac
