package tensor

// The float8 kinds, by their bits of exponent and mantissa; FN: finite, no infinities; UZ: no negative zero.
type (
	Float8E5M2        uint8
	Float8E4M3FN      uint8
	Float8E4M3FNUZ    uint8
	Float8E4M3B11FNUZ uint8
	Float8E5M2FNUZ    uint8
)

// Float4E2M1FN is a four-bit float, in the low bits of a byte.
type Float4E2M1FN uint8
