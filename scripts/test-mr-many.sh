#!/usr/bin/env bash
#
# Runs scripts/test-mr.sh many times and stops at the first failure.
#
#     scripts/test-mr-many.sh N [TEST...]

set -u

if ! [ "${1:-}" -ge 1 ] 2>/dev/null; then
  echo "usage: test-mr-many.sh N [TEST...]" >&2
  exit 2
fi
trials=$1
shift

# In the background, because bash handles signals only when a command in the foreground has ended.
pid=
stop() {
  trap '' INT TERM HUP
  [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null && wait "$pid"
  exit "$1"
}
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM

for ((trial = 1; trial <= trials; trial++)); do
  echo "*** TRIAL $trial OF $trials"
  "$(dirname "$0")/test-mr.sh" quiet "$@" &
  pid=$!
  if ! wait "$pid"; then
    echo "*** FAILED IN TRIAL $trial"
    exit 1
  fi
done
echo "*** PASSED ALL $trials TRIALS"
