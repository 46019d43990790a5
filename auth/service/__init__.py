"""The rules about people, one concept a file; no Flask here."""
