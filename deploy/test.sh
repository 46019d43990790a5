#!/usr/bin/env bash
# Every test: style and types, the browser client's in Node, and pytest with real servers and Chromium.
# The first two run beside the third, in what its waiting leaves of the processor; their words follow.
set -uo pipefail
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
failed=0

beside() {
    echo "== $1"
    shift
    "$@" || { echo "!! failed: $*"; return 1; }
}
{
    beside "style, types, import rules, bundle size" make --no-print-directory check
    checked=$?
    beside "browser client in Node" npm run --silent test
    exit $((checked || $?))
} > "$said/beside" 2>&1 &
others=$!
trap 'kill "$others" 2>/dev/null; rm -rf "$said"' EXIT

echo "== everything else"
python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder "$@" || { failed=1; echo "!! failed: pytest"; }
wait "$others" || failed=1
cat "$said/beside"
exit $failed
