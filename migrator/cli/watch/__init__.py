"""`migrator status --watch`: the dashboard, live."""
