"""The desk of department officers and the credit office."""
