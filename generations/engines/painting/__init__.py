"""A landscape painter made of rules: gardens in perspective, painted back to front with thousands of dabs."""
