"""An ultrasound device played against a running bridge."""
