"""The read side of the database: what people and programs look at, as frozen values."""
