"""What engines that ask a provider over the network have in common, whoever the provider is."""
