"""Resource types of azure-native, and how each becomes an ARM resource. Both engines use them."""
