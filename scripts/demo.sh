#!/usr/bin/env bash
# Counts the words of the State of the Union addresses as the lab does: with a coordinator and three workers in
# processes of their own, in a new directory. Prints the most frequent words.
#
#     npm run demo
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
tsx="$root/node_modules/.bin/tsx"
job=$(mktemp -d "${TMPDIR:-/tmp}/tsmr-demo.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$job"' EXIT

"$tsx" "$root/scripts/make-data.ts"
cd "$job"

"$tsx" "$root/src/main/mrcoordinator.ts" "$root"/data/pg-*.txt &
coordinator=$!
for _ in 1 2 3; do
  "$tsx" "$root/src/main/mrworker.ts" wc.ts &
done
wait "$coordinator"
wait

echo
echo "$(cat mr-out-* | wc -l | tr -d ' ') distinct words; the most frequent:"
# awk reads to the end, so that sort never writes to a closed pipe.
sort -k2,2nr -k1,1 mr-out-* | awk 'NR <= 12 { printf "%9d  %s\n", $2, $1 }'
