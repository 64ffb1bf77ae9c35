package tensor

// Float16 is an IEEE 754 half: one sign bit, five of exponent, ten of fraction. Its bits are its value.
type Float16 uint16

// BFloat16 is the upper half of a float32: one sign bit, eight of exponent, seven of fraction.
type BFloat16 uint16
