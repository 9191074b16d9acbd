"""Many users' needs, few permission sets: what each needs, who shares, what it becomes, and why."""
