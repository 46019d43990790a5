"""Groups that change: their secrets, who governs them, and what is owed to those who joined.

Read: ``secrets`` (open the epochs one may read) → ``governing`` (sign who belongs) → ``owed``
(hand keys to newcomers, link epochs, let those go whose time is over).
"""

from client.groups.governing import Change, Governing
from client.groups.owed import Owed
from client.groups.secrets import GroupSecrets

__all__ = ["Change", "Governing", "GroupSecrets", "Owed"]
