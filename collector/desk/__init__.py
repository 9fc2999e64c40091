"""The service desk by itself: who may do what with an incident, how urgent it is, and which clocks run.

Values in, values out: nothing here knows the store or what time it is.
"""
