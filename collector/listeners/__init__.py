"""The two gRPC listeners: enrolment, open to anyone and tiny; data, for agents with a certificate."""
