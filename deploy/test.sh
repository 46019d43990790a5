#!/usr/bin/env bash
# Every test: style and types, the browser client's in Node, then pytest with real servers and Chromium.
set -uo pipefail
failed=0
step() {
    echo "== $1"
    shift
    "$@" || { failed=1; echo "!! failed: $*"; }
}
step "style, types, import rules, bundle size" make --no-print-directory check
step "browser client in Node" npm run --silent test
step "everything else" python -m pytest -q -n 3 --dist loadfile "$@"
exit $failed
