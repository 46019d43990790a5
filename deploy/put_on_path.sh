#!/usr/bin/env bash
# Puts the checkout on the environment's import path and its `cordee` command into bin/.
set -euo pipefail
venv=$1
root=$(pwd)
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$root" > "$site/cordee.pth"
cat > "$venv/bin/cordee" <<SCRIPT
#!$root/$venv/bin/python
from protocol.command import main
main()
SCRIPT
chmod +x "$venv/bin/cordee"
