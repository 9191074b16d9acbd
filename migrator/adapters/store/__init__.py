"""The database: tables, unit of work, audit chain."""
