#!/usr/bin/env bash
# Runs the tests with every supported version of Node.js, or with the given ones:
#
#     scripts/test-node-versions.sh [MAJOR...] [-- VITEST-ARGUMENT...]
#     scripts/test-node-versions.sh 22 26 -- test/package
#
# The versions are those of the registry's package "node"; they are kept in tmp/node. The first, 20.19.0,
# is the oldest that package.json allows.
set -euo pipefail
cd "$(dirname "$0")/.."

versions=()
while [[ $# -gt 0 && $1 != -- ]]; do
  versions+=("$1")
  shift
done
[[ ${1-} == -- ]] && shift
[[ ${#versions[@]} -gt 0 ]] || versions=(20.19.0 20 22 24 26)

failed=()
for version in "${versions[@]}"; do
  home="$PWD/tmp/node/$version"
  node="$home/node_modules/node/bin"
  if [[ ! -x $node/node ]]; then
    mkdir -p "$home"
    echo '{ "private": true }' >"$home/package.json"
    npm install --prefix "$home" --silent --no-audit --no-fund "node@$version"
  fi
  echo "== Node $("$node/node" --version)"
  # `node` and `npm` in tests are of this version.
  PATH="$node:$PATH" "$node/node" node_modules/vitest/vitest.mjs run "$@" || failed+=("$version")
done

if [[ ${#failed[@]} -gt 0 ]]; then
  echo "Failed with Node ${failed[*]}" >&2
  exit 1
fi
echo "Passed with Node ${versions[*]}"
