"""The world outside, one folder a kind: AWS, usage records, the database."""
