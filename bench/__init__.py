"""Speed, as ratios against a baseline run beside it on the same server. `make bench`."""
