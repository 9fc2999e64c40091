"""What devices say by themselves: SNMP notifications and syslog, heard, understood, folded, told.

sockets    datagrams and lines come in
hearing    who may speak, how fast; what is not heard is counted
notices    a datagram → a notification (v1, v2c, v3), and the answer to an inform
syslog     a line → its parts                     framing    a stream → lines
translating  what it means, by `translation.yaml`
folding    many alike → one row with a count
"""
