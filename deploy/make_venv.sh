#!/usr/bin/env bash
# Makes the virtual environment in $1, also where Debian split `ensurepip` from Python.
set -euo pipefail
venv=$1
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Cordée needs Python 3.11 or newer; \`$python\` is not. Set PYTHON=/path/to/python3.11." >&2
    exit 1
fi
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv "$venv"
    exit 0
fi
packages=(python3-venv)
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's ${packages[*]}…"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" >/dev/null
    "$python" -m venv "$venv"
else
    echo "Python's venv module is missing. Run: sudo apt-get install ${packages[*]}" >&2
    exit 1
fi
