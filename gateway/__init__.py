"""The node a hospital runs on its own side, between its imaging machines and Cordée.

Its place is kept by the import rules: it may use `client`, and nothing imports it. Until it
is built, `cordee attach` cleans, previews and sends what a machine exported.
"""
