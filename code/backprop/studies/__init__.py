"""What single sections of chapters 7 to 9 study: one module a study."""
