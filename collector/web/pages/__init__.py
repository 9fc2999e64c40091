"""The pages, one module a place of the navigation."""
