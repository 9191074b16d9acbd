"""Words in, words out. One file a command group; each composes load → plan → show → confirm → apply → show."""
