package pickle_test

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"math/big"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/pickle"
)

//go:embed testdata/*.pkl
var files embed.FS

func decode(data string, opts pickle.Options) (pickle.Value, error) {
	return pickle.NewDecoder(strings.NewReader(data), int64(len(data)), opts).Decode()
}

// show prints a value on one line, in the same way for all protocols. Values that contain themselves end in "...".
func show(v pickle.Value) string {
	var b strings.Builder
	within := map[pickle.Value]bool{}
	var one func(v pickle.Value)
	list := func(open string, items []pickle.Value, end string) {
		b.WriteString(open)
		for i, item := range items {
			if i > 0 {
				b.WriteString(" ")
			}
			one(item)
		}
		b.WriteString(end)
	}
	entries := func(entries []pickle.Entry) {
		for i, e := range entries {
			if i > 0 {
				b.WriteString(" ")
			}
			one(e.Key)
			b.WriteString(":")
			one(e.Value)
		}
	}
	one = func(v pickle.Value) {
		switch v := v.(type) {
		case *pickle.List:
			if within[v] {
				b.WriteString("...")
				return
			}
			within[v] = true
			defer delete(within, v)
			list("[", v.Items, "]")
		case pickle.Tuple:
			list("(", v, ")")
		case *pickle.Set:
			list("set[", v.Items, "]")
		case *pickle.Dict:
			b.WriteString("{")
			entries(v.Entries)
			b.WriteString("}")
		case pickle.Bytes:
			fmt.Fprintf(&b, "b%q", []byte(v))
		case string:
			fmt.Fprintf(&b, "%q", v)
		case *pickle.Global:
			b.WriteString(v.String())
		case *big.Int:
			if v.BitLen() > 100 {
				fmt.Fprintf(&b, "%d bits", v.BitLen())
				return
			}
			b.WriteString(v.String())
		case *pickle.Object:
			switch name := v.Class.String(); {
			case name == "builtins.set" || name == "builtins.frozenset": // before protocol 4
				list("set[", v.Args[0].(*pickle.List).Items, "]")
				return
			case name == "_codecs.encode": // bytes before protocol 3
				var latin1 []byte
				for _, r := range v.Args[0].(string) {
					latin1 = append(latin1, byte(r))
				}
				fmt.Fprintf(&b, "b%q", latin1)
				return
			case name == "builtins.bytes":
				b.WriteString(`b""`)
				return
			case v.New:
				b.WriteString("new ")
				b.WriteString(name)
			default:
				list(name+"(", v.Args, ")")
			}
			if v.Items != nil {
				list("[", v.Items, "]")
			}
			if v.Entries != nil {
				b.WriteString("{")
				entries(v.Entries)
				b.WriteString("}")
			}
			if v.State != nil {
				b.WriteString(" state ")
				one(v.State)
			}
		default:
			fmt.Fprintf(&b, "%v", v)
		}
	}
	one(v)
	return b.String()
}

// This is one value, in all protocols.
func TestProtocols(t *testing.T) {
	want := map[string]string{
		"none":      `<nil>`,
		"bools":     `[true false]`,
		"ints":      `[0 255 256 65535 65536 -1 -2147483648 2147483648 9223372036854775807 -9223372036854775808 9223372036854775808 -9223372036854775809 2101 bits]`,
		"floats":    `[0 -0 1.5 1e+300 +Inf -Inf]`,
		"strings":   fmt.Sprintf("[%q %q %q %q %q]", "", "plain", "quote ' \" \\ \n\t", "\u00e9 \u20ac \U0001f600", strings.Repeat("x", 300)),
		"tuples":    `[() (1) (1 2) (1 2 3) (1 2 3 4)]`,
		"dicts":     `[{} {1:{2:{}}}]`,
		"set":       `[set[] set[7] set[8]]`,
		"bytes":     `[b"" b"\x00\xff"]`,
		"shared":    `[["shared"] ["shared"]]`,
		"loop":      `[...]`,
		"ordered":   `collections.OrderedDict(){"b":1 "a":2}`,
		"default":   `collections.defaultdict(builtins.list){"k":[1]}`,
		"deque":     `collections.deque(() 5)[1 2]`,
		"namespace": `types.SimpleNamespace() state {"x":1}`,
		"instance":  `new __main__.Old{"a":1} state {"attribute":true}`,
		"global":    `collections.Counter`,
	}
	for protocol := range 6 {
		t.Run(fmt.Sprint(protocol), func(t *testing.T) {
			data, err := files.ReadFile(fmt.Sprintf("testdata/protocol%d.pkl", protocol))
			require.NoError(t, err)
			d := pickle.NewDecoder(bytes.NewReader(data), int64(len(data)), pickle.Options{})
			v, err := d.Decode()
			require.NoError(t, err)
			require.Equal(t, int64(len(data)), d.Offset())
			got := map[string]string{}
			for _, e := range v.(*pickle.Dict).Entries {
				got[e.Key.(string)] = show(e.Value)
				if l, ok := e.Value.(*pickle.List); ok && e.Key == "shared" {
					require.Same(t, l.Items[0], l.Items[1])
				}
			}
			if protocol < 2 { // the arguments of _reconstructor include the dict's items too
				require.Contains(t, got["instance"], `new __main__.Old`)
				got["instance"] = want["instance"]
			}
			require.Equal(t, want, got)
		})
	}
}

func TestPicklesFollowOneAnother(t *testing.T) {
	data := "\x80\x02K\x01.\x80\x02X\x01\x00\x00\x00a.rest"
	r := strings.NewReader(data)
	d := pickle.NewDecoder(r, int64(len(data)), pickle.Options{})
	one, err := d.Decode()
	require.NoError(t, err)
	two, err := d.Decode()
	require.NoError(t, err)
	require.Equal(t, []pickle.Value{int64(1), "a"}, []pickle.Value{one, two})
	require.Equal(t, "rest", data[d.Offset():])
}

func TestHooks(t *testing.T) {
	t.Run("persistent ids of both forms become the caller's values", func(t *testing.T) {
		v, err := decode("(Pplain\n)Qt.", pickle.Options{Persistent: func(id pickle.Value) (pickle.Value, error) { return &pickle.List{Items: []pickle.Value{id}}, nil }})
		require.NoError(t, err)
		require.Equal(t, `(["plain"] [()])`, show(v))
	})
	t.Run("Call is called for every call, even if its result is unused", func(t *testing.T) {
		evil := errors.New("evil")
		var asked []string
		opts := pickle.Options{Call: func(g *pickle.Global) error {
			asked = append(asked, g.String())
			if g.Name == "system" {
				return evil
			}
			return nil
		}}
		_, err := decode("c__builtin__\nset\n]\x85R0(S'id'\nios\nsystem\n0N.", opts)
		require.ErrorIs(t, err, evil)
		require.Equal(t, "pickle at offset 28: evil", err.Error())
		_, err = decode("(cos\nsystem\nS'id'\no.", opts)
		require.ErrorIs(t, err, evil)
		require.Equal(t, []string{"builtins.set", "os.system", "os.system"}, asked)
	})
}

func TestFaults(t *testing.T) {
	many := strings.Repeat("9", 5000)
	for _, c := range []struct {
		name, data, want string
	}{
		{"empty", "", "pickle at offset 0: the pickle is cut off: its end is missing"},
		{"no end", "\x80\x02N", "pickle at offset 3: the pickle is cut off: its end is missing"},
		{"nothing", ".", "pickle at offset 0: it ends with 0 values, expected one"},
		{"two values", "NN.", "pickle at offset 2: it ends with 2 values, expected one"},
		{"an additional mark", "N(.", "pickle at offset 2: it ends with 2 values, expected one"},
		{"unknown instruction", "\xff", "pickle at offset 0: there is no instruction 0xff"},
		{"a future protocol", "\x80\x06N.", "pickle at offset 0: it has protocol 6, the newest supported protocol is 5"},
		{"a long string", "\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "pickle at offset 0: expected 18446744073709551615 bytes, but only 0 are left"},
		{"long bytes", "B\xff\xff\xff\x7fabc", "pickle at offset 0: expected 2147483647 bytes, but only 3 are left"},
		{"a long frame", "\x95\x00\x00\x00\x00\x00\x00\x00\x01.", "pickle at offset 0: a frame has 72057594037927936 bytes, but only 1 are left"},
		{"an integer of negative length", "\x8b\x00\x00\x00\x80", "pickle at offset 0: an integer has a negative length"},
		{"an integer of many digits", "L" + many + "L\n.", "pickle at offset 0: an integer has 5000 digits, expected at most 4300"},
		{"not an integer", "Ix\n.", `pickle at offset 0: "x" is not an integer`},
		{"not a float", "Fx\n.", `pickle at offset 0: "x" is not a float`},
		{"no quotes", "Sx\n.", `pickle at offset 0: a str is not in quotes: "x"`},
		{"bad escape", "S'\\q'\n.", `pickle at offset 0: a str has an escape sequence that Python does not write: "\\q"`},
		{"below the stack", "N\x86.", "pickle at offset 1: it needs 2 values, but the stack has 1"},
		{"below a mark", "N(\x85.", "pickle at offset 2: it needs 1 values, but the stack has 0"},
		{"no mark", "Nt.", "pickle at offset 1: it needs a mark, but the stack has none"},
		{"odd dict", "(Nd.", "pickle at offset 2: a dict gets 1 keys and values, which is odd"},
		{"append to a dict", "}Na.", "pickle at offset 2: it appends to a dict"},
		{"key of a list", "]NNs.", "pickle at offset 3: it sets a key of a list"},
		{"not in the memo", "h\x01.", "pickle at offset 0: it refers to value 1, which does not exist"},
		{"an empty stack for PUT", "q\x01.", "pickle at offset 0: it needs a value, but the stack is empty"},
		{"call of a value that is not a global", "N)R.", "pickle at offset 2: it calls None, expected a global"},
		{"call of a result", "ca\nb\n)R)R.", "pickle at offset 8: it calls an object of a.b, expected a global"},
		{"call without a tuple", "ca\nb\nNR.", "pickle at offset 6: the arguments of a call are None, expected a tuple"},
		{"instance without a class", "N)\x81.", "pickle at offset 2: the class of an instance is None, expected a global"},
		{"state of a global", "ca\nb\n}b.", "pickle at offset 6: it sets a state, which the global a.b cannot have"},
		{"two states", "ca\nb\n)R}b}b.", "pickle at offset 10: an object of a.b gets a second state"},
		{"global without names", "NN\x93.", "pickle at offset 2: the names of a global are None and None, expected two strings"},
		{"persistent id", "NQ.", "pickle at offset 1: it refers to an object outside of the pickle"},
		{"extension", "\x82\x01.", "pickle at offset 0: it refers to Python's extension registry, which is not in the file"},
		{"buffer", "\x97.", "pickle at offset 0: it refers to buffers outside of the file"},
		{"reconstructor without a class", "ccopy_reg\n_reconstructor\n)R.", "pickle at offset 26: copyreg._reconstructor has no class"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode(c.data, pickle.Options{})
			require.EqualError(t, err, c.want)
			require.True(t, errors.Is(err, format.ErrCorrupt) != errors.Is(err, errors.ErrUnsupported))
		})
	}
	t.Run("the reader's error is kept", func(t *testing.T) {
		_, err := pickle.NewDecoder(io.MultiReader(strings.NewReader("N"), failing{}), 10, pickle.Options{}).Decode()
		require.ErrorIs(t, err, errDisk)
	})
	t.Run("an announced size that the reader does not have takes no memory", func(t *testing.T) {
		_, err := pickle.NewDecoder(strings.NewReader("\x8e\x00\x00\x00\x00\x00\x01\x00\x00"), 1<<60, pickle.Options{}).Decode()
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
}

var errDisk = errors.New("disk")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

// A pickle's size bounds the memory that decoding takes.
func TestMemory(t *testing.T) {
	const n = 1 << 18
	for name, data := range map[string]string{
		"lists":        strings.Repeat("]", n),
		"dicts":        strings.Repeat("}", n),
		"marks":        strings.Repeat("(", n),
		"entries":      "}(" + strings.Repeat("N", n) + "u.",
		"memo":         "N" + strings.Repeat("\x94", n),
		"sparse memo":  "N" + strings.Repeat("r\xff\xff\xff\x00r\xff\xfe\xff\x00", n/10),
		"doubled":      "]" + strings.Repeat("2", n),
		"objects":      "ca\nb\n" + strings.Repeat("2)R", n/3),
		"nested lists": strings.Repeat("]", n/2) + strings.Repeat("a", n/2-1) + ".",
		"nested pairs": "N" + strings.Repeat("2\x86", n/2),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _ = decode(data, pickle.Options{})
			runtime.ReadMemStats(&after)
			got := int(after.TotalAlloc - before.TotalAlloc)
			require.Less(t, got, 160*len(data), "%d bytes of pickle allocate %d", len(data), got)
		})
	}
}
