"""The one door to the database: engines, transactions, and the only modules that know SQL."""
