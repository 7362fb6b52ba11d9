"""The composition root: a module per command. Only here do metrics and alerts meet."""
