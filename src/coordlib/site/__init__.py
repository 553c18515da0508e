"""The site of a workspace."""
