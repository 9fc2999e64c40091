"""The web pages: server-rendered, whole without script, over the same services as the API."""
