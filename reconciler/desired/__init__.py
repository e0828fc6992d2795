"""What the files say: YAML with positions, schema and regulations; and writing it back."""
