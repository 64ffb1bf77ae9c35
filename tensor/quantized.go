package tensor

// TensorFlow's quantized kinds: integers whose scale is kept elsewhere.
type (
	QInt8   int8
	QUInt8  uint8
	QInt16  int16
	QUInt16 uint16
	QInt32  int32
)

// Variant is one element of a variant tensor: a serialized VariantTensorDataProto, kept as it is.
type Variant string
