"""The rule language held against others: Google's CEL, the specification's cases, Debian's order of versions."""
