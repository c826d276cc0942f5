"""What the product is compared with: everyday services that make the same promise, and do less."""
