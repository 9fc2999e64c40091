"""What pages, API and command line ask for: plain functions over the store, without HTML, HTTP or SQL."""
