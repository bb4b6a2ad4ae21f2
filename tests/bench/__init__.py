"""`make bench`: what PodHub's speed is on this machine, each figure beside its target."""
