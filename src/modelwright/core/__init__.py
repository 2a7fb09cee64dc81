"""What every room needs and no room owns: clock, errors, files, who is acting."""
