#!/usr/bin/env bash
#
# Runs real jobs with injected faults for a number of minutes, and stops at the first output that is not exact, or
# the first process or file that is left behind.
#
#     scripts/chaos.sh MINUTES [--seed N] [--job N] [--at-once N]

set -eu
cd "$(dirname "$0")/.."
npm run --silent build
exec node --import tsx scripts/chaos/chaos.ts "$@"
