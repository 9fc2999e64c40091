"""Finds what carries no agent: plans, sweeps, identifies, explores, relates; over SNMP, SSH, Redfish and NUT."""
