package forged

import (
	"math"
	"math/rand/v2"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Dice decide how a file is forged. They read their numbers from a recipe, so that a fuzzer can search for recipes and a failure can be
// repeated. After the end of the recipe every number is 0.
type dice struct{ recipe []byte }

// rolled returns a random recipe that seed determines.
func rolled(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	recipe := make([]byte, 8+r.IntN(64))
	for i := range recipe {
		recipe[i] = byte(r.Uint32())
	}
	return recipe
}

// n returns one of 0 … n-1.
func (d *dice) n(n int) int {
	v := d.take()
	if n > 256 {
		v = v<<8 | d.take()
	}
	if n <= 0 {
		return 0
	}
	return v % n
}

func (d *dice) take() int {
	if len(d.recipe) == 0 {
		return 0
	}
	b := d.recipe[0]
	d.recipe = d.recipe[1:]
	return int(b)
}

// edges are numbers near which arithmetic goes wrong.
var edges = []int64{0, 1, 2, 3, 7, 127, 128, 255, 256, 4096, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32, math.MaxUint32 + 1, 1 << 40, 1 << 53, 1 << 61, 1 << 62, math.MaxInt64}

// number returns a number to put in the place of old.
func (d *dice) number(old int64) int64 {
	switch d.n(8) {
	case 0:
		return old + 1
	case 1:
		return old - 1
	case 2:
		return -old
	case 3:
		return old * 2
	case 4:
		return int64(d.n(1 << 16))
	case 5:
		return -edges[d.n(len(edges))]
	default:
		return edges[d.n(len(edges))]
	}
}

// notUTF8 is a placeholder in a message's text for the bytes invalid. Those are not UTF-8, and the generated code would refuse to
// write them. Both have the same length.
const notUTF8, invalid = "ÿ", "\xff\xfe"

// text returns a text to put in the place of old.
func (d *dice) text(old string) string {
	switch d.n(12) {
	case 0:
		return ""
	case 1:
		return old + "x"
	case 2:
		return old[:d.n(len(old)+1)]
	case 3:
		return old + "\x00"
	case 4:
		return "\n\x1b[2J\r" + old
	case 5:
		return notUTF8
	case 6:
		return strings.Repeat("long", d.n(4096))
	case 7:
		return "../" + old
	case 8:
		return "/" + old
	case 9:
		return []string{"0", "-1", "next", "v", "kids", "named", "save_counter", "root", "VARIABLE_VALUE", "OBJECT_CONFIG_JSON", "py_state"}[d.n(11)]
	case 10:
		return strings.ReplaceAll(old, "/", ".")
	default:
		return strings.ToUpper(old)
	}
}

// bytes changes a few bytes, or their number.
func (d *dice) bytes(b []byte) []byte {
	at := d.n(len(b) + 1)
	switch d.n(8) {
	case 0:
		return b[:at]
	case 1:
		return append(b, make([]byte, d.n(64))...)
	case 2:
		return append(b[:at:at], append([]byte{byte(d.take())}, b[at:]...)...)
	case 3:
		return append(b[:at:at], b[min(at+1+d.n(8), len(b)):]...)
	}
	for range 1 + d.n(4) {
		if len(b) > 0 {
			b[at%len(b)] = byte(d.take())
		}
		at += d.n(16)
	}
	return b
}

// message changes one thing somewhere in a message of any type.
func (d *dice) message(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	f := fields.Get(d.n(fields.Len()))
	switch {
	case f.IsList():
		d.list(f, m.Mutable(f).List())
	case f.Message() == nil:
		m.Set(f, d.scalar(f, m.Get(f)))
	case d.n(8) == 0:
		m.Clear(f)
	default:
		d.message(m.Mutable(f).Message())
	}
}

func (d *dice) list(f protoreflect.FieldDescriptor, l protoreflect.List) {
	n := l.Len()
	if n == 0 {
		if e := l.NewElement(); f.Message() != nil {
			d.message(e.Message())
			l.Append(e)
		} else {
			l.Append(d.scalar(f, e))
		}
		return
	}
	i, j := d.n(n), d.n(n)
	switch a, b := l.Get(i), l.Get(j); d.n(10) {
	case 0: // one element less
		l.Set(i, l.Get(n-1))
		l.Truncate(n - 1)
	case 1: // one element twice: the same message, so that a later change affects both
		l.Append(a)
	case 2: // swap two elements
		l.Set(i, b)
		l.Set(j, a)
	case 3: // one element becomes empty
		l.Set(i, l.NewElement())
	default:
		if f.Message() != nil {
			d.message(a.Message())
		} else {
			l.Set(i, d.scalar(f, a))
		}
	}
}

func (d *dice) scalar(f protoreflect.FieldDescriptor, old protoreflect.Value) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(d.text(old.String()))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(d.bytes(append([]byte(nil), old.Bytes()...)))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(!old.Bool())
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(d.number(int64(old.Enum()))))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(d.number(old.Int())))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(d.number(old.Int()))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(d.number(int64(old.Uint()))))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(d.number(int64(old.Uint()))))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(math.Float32frombits(uint32(d.number(1))))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(math.Float64frombits(uint64(d.number(1))))
	}
	return old
}
