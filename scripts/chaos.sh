#!/usr/bin/env bash
#
# Runs real jobs for so many minutes while everything goes wrong that can, and stops at the first
# output that is not exact, or process or file that is left behind.
#
#     scripts/chaos.sh MINUTES [--seed N] [--job N] [--at-once N]

set -eu
cd "$(dirname "$0")/.."
npm run --silent build
exec node --import tsx scripts/chaos/chaos.ts "$@"
