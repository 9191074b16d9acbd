"""Usage sources: what principals did."""
