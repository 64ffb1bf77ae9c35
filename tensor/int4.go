package tensor

// Integers of less than a byte; each takes a byte in memory and in a data file.
type (
	Int4  int8
	UInt4 uint8
	Int2  int8
	UInt2 uint8
)
