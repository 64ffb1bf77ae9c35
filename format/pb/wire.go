package pb

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Field is one field of an encoded message, for code that decodes by hand.
type Field struct {
	Num    protowire.Number
	Type   protowire.Type
	Number uint64 // the value of a varint, fixed32 or fixed64 field
	Bytes  []byte // the value of a length-delimited field (a message, a string, packed numbers): part of the message, not a copy
}

// Has reports whether f is the field num in the encoding typ. Like generated code, callers must treat a field
// with the wrong encoding as unknown.
func (f Field) Has(num protowire.Number, typ protowire.Type) bool {
	return f.Num == num && f.Type == typ
}

// Fields yields the fields of an encoded message in order. It yields groups, but not the fields in them. It
// ends after an error in the encoding.
func Fields(message []byte) iter.Seq2[Field, error] {
	return func(yield func(Field, error) bool) {
		for len(message) > 0 {
			num, typ, n := protowire.ConsumeTag(message)
			if n < 0 {
				yield(Field{}, WireError(n))
				return
			}
			if num > protowire.MaxValidNumber { // protowire allows it for MessageSets; generated code does not
				yield(Field{}, fmt.Errorf("field %d: the number is too large", num))
				return
			}
			message = message[n:]
			f := Field{Num: num, Type: typ}
			switch typ {
			case protowire.VarintType:
				f.Number, n = protowire.ConsumeVarint(message)
			case protowire.Fixed32Type:
				var v uint32
				v, n = protowire.ConsumeFixed32(message)
				f.Number = uint64(v)
			case protowire.Fixed64Type:
				f.Number, n = protowire.ConsumeFixed64(message)
			case protowire.BytesType:
				f.Bytes, n = protowire.ConsumeBytes(message)
			default:
				n = protowire.ConsumeFieldValue(num, typ, message)
			}
			if n < 0 {
				yield(Field{}, fmt.Errorf("field %d: %w", num, WireError(n)))
				return
			}
			message = message[n:]
			if !yield(f, nil) {
				return
			}
		}
	}
}

// WireError returns the error for a negative length n from package protowire. It does not use protowire's
// error texts, because they differ between programs.
func WireError(n int) error {
	if errors.Is(protowire.ParseError(n), io.ErrUnexpectedEOF) {
		return errors.New("the message ends too early")
	}
	return errors.New("not the encoding of a protocol buffer")
}
