package tensor

// TensorFlow's quantized kinds: integers without their scale, which is stored separately.
type (
	QInt8   int8
	QUInt8  uint8
	QInt16  int16
	QUInt16 uint16
	QInt32  int32
)

// Variant is one element of a variant tensor: a serialized VariantTensorDataProto, kept unchanged.
type Variant string
