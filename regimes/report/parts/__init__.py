"""What tables, figures and files of all results share."""
