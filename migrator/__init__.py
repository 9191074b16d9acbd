"""migrator moves an organization from AWS IAM users to IAM Identity Center."""

__version__ = "0.1.0"
