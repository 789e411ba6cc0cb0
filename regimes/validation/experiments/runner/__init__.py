"""What all experiments repeat: settings, seeds, checkpoints, device, threads, progress; and trained denoisers."""
