"""The house. Puts its own root first on the path, because the room `trace` shares its name with a
module of the standard library that nothing here uses."""

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parent.parent)
if sys.path[:1] != [_ROOT]:
    sys.path.insert(0, _ROOT)
