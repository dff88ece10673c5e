"""How time, memory and gap grow with the number of requests."""
