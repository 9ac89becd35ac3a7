#!/usr/bin/env bash
#
# Runs whole jobs with coordinator and workers in processes of their own, and compares their output with that of
# the sequential run. The tests and their names are those of MIT 6.5840 Lab 1.
#
#     scripts/test-mr.sh [quiet] [TEST...]
#
# Tests: wc indexer map_parallelism reduce_parallelism job_count early_exit crash; without any, all
# of them, in this order. `quiet` hides what the processes print, unless a test fails.
#
#     MR_INPUTS=DIR            read the pg-*.txt of this directory instead of data/
#     MR_TEST_TIMEOUT=SECONDS  time limit of one test, 180 by default
#
# macOS has bash 3.2, without `wait -n`, and no `timeout`. So each process runs in a wrapper that reports its end
# on a FIFO, which wakes this script at once.

set -u
export LC_ALL=C

ROOT=$(cd "$(dirname "$0")/.." && pwd -P)
TSX=$ROOT/node_modules/.bin/tsx
ALL_TESTS="wc indexer map_parallelism reduce_parallelism job_count early_exit crash"
TIMEOUT=${MR_TEST_TIMEOUT:-180}
# How long a worker may take from its start until it learns that its job is over.
LATE_WORKER_SECONDS=10

WORK=
QUIET=
TESTS=
PROCESS_GROUPS=

die() {
  echo "test-mr.sh: $*" >&2
  exit 1
}

# ---- processes ---------------------------------------------------------------------------------

# start NAME COMMAND...: runs a command in the background; its end will be the event "NAME CODE".
start() {
  local name=$1
  shift
  # With job control, the wrapper and all below it are one process group, which can be killed whole.
  set -m
  (
    "$@" </dev/null >&8 2>&8 9>&-
    echo "$name $?" >&9
  ) &
  set +m
  PROCESS_GROUPS="$PROCESS_GROUPS $!"
}

start_coordinator() {
  start coordinator "$TSX" "$ROOT/src/main/mrcoordinator.ts" "${INPUTS[@]}"
  # As in the lab: give it time to create the socket.
  sleep 1
}

# start_workers COUNT NAME APP
start_workers() {
  local i
  for ((i = 0; i < $1; i++)); do
    start "$2" "$TSX" "$ROOT/src/main/mrworker.ts" "$3"
  done
}

# Waits for the next process to end, and puts its name into ENDED and its exit code into ENDED_CODE.
# next_end [DEADLINE]: the value of SECONDS at which to give up, by default the end of the test.
next_end() {
  local deadline=${1:-$DEADLINE}
  while [ "$SECONDS" -lt "$deadline" ]; do
    # A second at a time, because a signal is only handled between two commands.
    if read -r -t 1 ENDED ENDED_CODE <&9; then
      ENDS=$((ENDS + 1))
      check_end
      return 0
    fi
  done
  fail "time is over, and a process has still not ended"
  return 1
}

# No process should fail, except a worker that crashes on purpose, or one that starts after the job is over: on a
# busy machine, a short job may end before its last worker has started.
check_end() {
  [ "$ENDED" = coordinator ] && COORDINATOR_ENDED=yes
  if [ "$ENDED_CODE" = 0 ] || [ "$ENDED" = crasher ]; then
    return
  fi
  if [ "$ENDED" = latecomer ] && [ -n "$COORDINATOR_ENDED" ]; then
    return
  fi
  fail "a process ended with exit code $ENDED_CODE: the $ENDED"
}

# Waits until a process of this name has ended.
wait_for() {
  while next_end; do
    [ "$ENDED" = "$1" ] && return 0
  done
  return 1
}

# Waits until this number of processes has ended since the test began.
wait_for_ends() {
  while [ "$ENDS" -lt "$1" ]; do
    next_end || return 1
  done
}

# Whether any process that this test has started is alive, its children included.
anything_alive() {
  local group
  for group in $PROCESS_GROUPS; do
    kill -0 -- "-$group" 2>/dev/null && return 0
  done
  return 1
}

# signal_all SIGNAL
signal_all() {
  local group
  for group in $PROCESS_GROUPS; do
    kill "-$1" -- "-$group" 2>/dev/null
  done
}

# Ends all processes that are still alive, at first by a signal that lets a coordinator remove its socket.
kill_all() {
  signal_all TERM
  local tries=0
  while [ "$tries" -lt 20 ] && anything_alive; do
    tries=$((tries + 1))
    sleep 0.1
  done
  signal_all KILL
  # Without this, bash would report each of them as killed.
  wait 2>/dev/null
  PROCESS_GROUPS=
}

# ---- checks ------------------------------------------------------------------------------------

fail() {
  FAILED=yes
  echo "--- $TEST test: $*"
}

# oracle APP: puts the sorted output of the sequential run into the file `correct`.
oracle() {
  if ! "$TSX" "$ROOT/src/main/mrsequential.ts" "$1" "${INPUTS[@]}" </dev/null >&8 2>&8; then
    fail "the sequential run failed"
    return 1
  fi
  sort mr-out-0 >correct
  rm -f mr-out*
  if [ ! -s correct ]; then
    fail "the sequential run has no output"
    return 1
  fi
}

# merge FILE: puts the current output of the job into a file.
merge() {
  sort mr-out* >"$1" 2>&8
}

# expect_same FILE FILE MESSAGE
expect_same() {
  if [ ! -s "$1" ]; then
    fail "there is no output"
  elif ! cmp -s "$1" "$2"; then
    fail "$3"
    diff "$1" "$2" | head -n 10
  fi
}

# ---- tests -------------------------------------------------------------------------------------

test_wc() {
  oracle wc.ts || return
  start_coordinator
  start_workers 3 latecomer wc.ts
  wait_for coordinator || return
  merge all
  expect_same all correct "the output when the coordinator ended is not the sequential run's"
  wait_for_ends 4
}

test_indexer() {
  oracle indexer.ts || return
  start_coordinator
  start_workers 2 latecomer indexer.ts
  wait_for latecomer || return
  merge all
  expect_same all correct "the output when a worker ended is not the sequential run's"
  wait_for_ends 3
}

test_map_parallelism() {
  start_coordinator
  start_workers 2 worker mtiming.ts
  wait_for_ends 3 || return
  merge all
  local workers
  workers=$(grep -c '^times-[0-9]' all)
  [ "$workers" = 2 ] || fail "$workers workers ran map tasks, not 2"
  grep -q '^parallel-[0-9]* .*2' all || fail "no map task ran beside another"
}

test_reduce_parallelism() {
  start_coordinator
  start_workers 2 worker rtiming.ts
  wait_for_ends 3 || return
  merge all
  local beside_another
  beside_another=$(grep -c '^[a-z] 2$' all)
  [ "$beside_another" -ge 2 ] || fail "$beside_another reduce calls ran beside another, not 2"
}

test_job_count() {
  start_coordinator
  start_workers 2 worker jobcount.ts
  wait_for_ends 3 || return
  merge all
  echo "a ${#INPUTS[@]}" >correct
  expect_same all correct "map was not called once for each input file"

  # These workers start after the end of the job, and must exit.
  start_workers 2 latecomer jobcount.ts
  local deadline=$((SECONDS + LATE_WORKER_SECONDS))
  next_end "$deadline" && next_end "$deadline"
}

test_early_exit() {
  start_coordinator
  start_workers 3 worker early_exit.ts
  next_end || return
  merge first
  local first_ended=$ENDED
  wait_for_ends 4 || return
  merge all
  expect_same first all "the output was not complete when the first process ended, the $first_ended"

  local input
  for input in "${INPUTS[@]}"; do
    echo "$input 1"
  done | sort >correct
  expect_same all correct "the output is wrong"
}

test_crash() {
  oracle nocrash.ts || return
  start coordinator coordinate_until_done
  sleep 1
  start_workers 1 crasher crash.ts
  start loop restart_crashing_worker
  start loop restart_crashing_worker
  start loop restart_crashing_worker
  wait_for coordinator || return
  merge all
  expect_same all correct "the output is not the sequential run's without crashes"
  wait_for_ends 5
}

coordinate_until_done() {
  "$TSX" "$ROOT/src/main/mrcoordinator.ts" "${INPUTS[@]}"
  local code=$?
  touch job-done
  return "$code"
}

restart_crashing_worker() {
  while [ ! -e job-done ]; do
    "$TSX" "$ROOT/src/main/mrworker.ts" crash.ts
    sleep 1
  done
  return 0
}

# ---- running them ------------------------------------------------------------------------------

# run_test TEST: fails if the test did.
run_test() {
  TEST=$1
  FAILED=
  ENDS=0
  COORDINATOR_ENDED=
  DEADLINE=$((SECONDS + TIMEOUT))
  rm -f mr-* all first correct job-done events
  mkfifo events || die "cannot make a FIFO in $WORK"
  exec 9<>events
  if [ -n "$QUIET" ]; then
    exec 8>log
  fi

  echo "*** Starting $TEST test."
  "test_$TEST"

  local tries=0
  while [ -z "$FAILED" ] && anything_alive; do
    tries=$((tries + 1))
    [ "$tries" -le 20 ] || fail "a process that should have ended has left another one behind"
    sleep 0.1
  done
  kill_all
  exec 9>&-

  if [ -n "$FAILED" ]; then
    [ -n "$QUIET" ] && tail -n 40 log
    echo "--- $TEST test: FAIL"
    return 1
  fi
  echo "--- $TEST test: PASS"
}

read_arguments() {
  local argument
  for argument in "$@"; do
    case " quiet $ALL_TESTS " in
      *" $argument "*) ;;
      *) die "no test is called \"$argument\"; there are: $ALL_TESTS" ;;
    esac
    if [ "$argument" = quiet ]; then
      QUIET=yes
    else
      TESTS="$TESTS $argument"
    fi
  done
  TESTS=${TESTS:-$ALL_TESTS}
}

find_inputs() {
  local dir=$ROOT/data
  if [ -n "${MR_INPUTS:-}" ]; then
    dir=$(cd "$MR_INPUTS" && pwd -P) || die "cannot enter the directory of MR_INPUTS"
  else
    "$TSX" "$ROOT/scripts/make-data.ts" >/dev/null || die "cannot make the input files"
  fi
  INPUTS=("$dir"/pg-*.txt)
  [ -s "${INPUTS[0]}" ] || die "there are no pg-*.txt in $dir"
}

# Runs on every exit: ends all processes that were started, and removes the directory.
clean_up() {
  local code=$?
  trap '' INT TERM HUP
  kill_all
  cd / && [ -n "$WORK" ] && rm -rf "$WORK"
  exit "$code"
}

read_arguments "$@"
[ -x "$TSX" ] || die "there is no $TSX: run npm ci first"
find_inputs
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
WORK=$(mktemp -d "${TMPDIR:-/tmp}/test-mr.XXXXXX") || die "cannot make a directory to work in"
cd "$WORK" || die "cannot enter $WORK"
exec 8>&1

failures=0
for name in $TESTS; do
  run_test "$name" || failures=$((failures + 1))
done
if [ "$failures" -gt 0 ]; then
  echo "*** FAILED $failures TESTS"
  exit 1
fi
echo "*** PASSED ALL TESTS"
