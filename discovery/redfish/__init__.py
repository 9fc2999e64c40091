"""Redfish (DMTF DSP0266): what a server's management controller says of the server and of itself."""
