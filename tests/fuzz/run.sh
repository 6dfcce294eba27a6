#!/usr/bin/env bash
# Runs every fuzz target of a build with libFuzzer (cmake --preset fuzz). See --help.
set -euo pipefail

usage() {
    cat <<TEXT
usage: tests/fuzz/run.sh [--help] [--seconds S] [--jobs J] [--build DIR] [TARGET...]

Runs the targets (default: all) for S seconds together (default 300), J at a time (default 2), each for
an equal share. They begin with tests/fuzz/corpus/ and what fuzz_seeds makes; new inputs are kept in
DIR/tests/fuzz/found/ (DIR: default build/fuzz), those that crash in DIR/tests/fuzz/crashes/. Fails if
any target crashes, hangs, leaks or needs more than 2 GiB.

A crash once more:           DIR/tests/fuzz/fuzz_NAME DIR/tests/fuzz/crashes/NAME-crash-...
To keep what was found:      fuzz_NAME -merge=1 tests/fuzz/corpus/NAME DIR/tests/fuzz/found/NAME
TEXT
}

seconds=300 jobs=2 build=build/fuzz targets=()
while (($#)); do
    case $1 in
    --help) usage && exit ;;
    --seconds) seconds=$2 && shift ;;
    --jobs) jobs=$2 && shift ;;
    --build) build=$2 && shift ;;
    -*) usage >&2 && exit 2 ;;
    *) targets+=("$1") ;;
    esac
    shift
done
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=tests/fuzz there=$build/tests/fuzz
if ((${#targets[@]} == 0)); then
    for source in "$here"/fuzz_*.c; do
        name=$(basename "$source" .c)
        targets+=("${name#fuzz_}")
    done
fi
share=$((seconds * jobs / ${#targets[@]}))
((share > 0)) || share=1
mkdir -p "$there"/{found,crashes,logs}
"$there/fuzz_seeds" "$there/seeds"

run_target() { # run_target NAME
    local name=$1 options=(-max_total_time="$share" -timeout=20 -rss_limit_mb=2048 -max_len=16384
        -print_final_stats=1 -verbosity=1 -artifact_prefix="$there/crashes/$1-")
    if [[ -f $here/$name.dict ]]; then options+=(-dict="$here/$name.dict"); fi
    mkdir -p "$there/found/$name"
    "$there/fuzz_$name" "${options[@]}" "$there/found/$name" "$here/corpus/$name" \
        "$there/seeds/$name" >"$there/logs/$name.log" 2>&1
}

declare -A name_of=()
failed=()
wait_for_one() {
    local pid status=0 name
    wait -n -p pid "${!name_of[@]}" || status=$?
    name=${name_of[$pid]}
    unset "name_of[$pid]"
    local runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$there/logs/$name.log")
    if ((status == 0)); then
        printf '%-10s %4d s  %12s executions  %s\n' "$name" "$share" "${runs:-?}" \
            "$(grep -E '^#[0-9]+\s+DONE' "$there/logs/$name.log" | grep -oE 'cov: [0-9]+' || true)"
    else
        failed+=("$name")
        echo "$name: FAILED after ${runs:-?} executions; $there/logs/$name.log ends:"
        tail -n 60 "$there/logs/$name.log" | cut -c -200 | sed 's/^/    /'
    fi
}

for name in "${targets[@]}"; do
    if ((${#name_of[@]} == jobs)); then wait_for_one; fi
    run_target "$name" &
    name_of[$!]=$name
done
while ((${#name_of[@]})); do wait_for_one; done
if ((${#failed[@]})); then
    echo "${#failed[@]} of ${#targets[@]} targets failed: ${failed[*]}"
    exit 1
fi
echo "${#targets[@]} targets, none failed"
