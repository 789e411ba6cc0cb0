"""The random hierarchy model as a source of data: rules, data with all latent symbols, rules in files."""
