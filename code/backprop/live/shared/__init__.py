"""What several live figures share: Python beside its JavaScript twin."""
