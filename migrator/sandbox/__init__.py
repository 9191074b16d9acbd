"""The simulated organization: a strict emulator as a process of its own, its people, its history."""
