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
	Bytes  []byte // of a length-delimited one: a message, a string, packed numbers; part of the message, not a copy
}

// Has reports whether f is the field num in the encoding typ. A field in another encoding than that of its number
// is one that nobody knows, as generated code has it.
func (f Field) Has(num protowire.Number, typ protowire.Type) bool {
	return f.Num == num && f.Type == typ
}

// Fields yields the fields of an encoded message in their order, groups too but not what is in them. After an
// error, which says what is wrong with the encoding, it ends.
func Fields(message []byte) iter.Seq2[Field, error] {
	return func(yield func(Field, error) bool) {
		for len(message) > 0 {
			num, typ, n := protowire.ConsumeTag(message)
			if n < 0 {
				yield(Field{}, WireError(n))
				return
			}
			if num > protowire.MaxValidNumber { // which protowire allows for MessageSets, and no generated code does
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

// WireError says what the negative length n means that package protowire returns for an error; protowire's own
// words differ from one program to the next.
func WireError(n int) error {
	if errors.Is(protowire.ParseError(n), io.ErrUnexpectedEOF) {
		return errors.New("the message ends too early")
	}
	return errors.New("not the encoding of a protocol buffer")
}
