"""The collector over HTTP: REST, metrics and health, and the frame the web pages share with them."""
