"""What sets the kept share from which on denoisers of bumps make images that were held out."""
