"""One module for each type of resource: from what was decided to a dict, nothing else."""
