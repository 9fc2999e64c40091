"""Network UPS Tools (RFC 9271): the power devices a UPS server speaks for, and who is attached to them."""
