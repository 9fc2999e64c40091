"""The collector: observations in, one true record, findings and incidents out."""
