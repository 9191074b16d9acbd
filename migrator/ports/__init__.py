"""What operations need from the world, as Protocols, each with its errors beside it."""
