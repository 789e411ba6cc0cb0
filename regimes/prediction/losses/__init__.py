"""What the losses of a trained model say."""
