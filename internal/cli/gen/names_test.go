package gen

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGoName(t *testing.T) {
	for _, tt := range []struct{ name, hint, want, reason string }{
		{"input_transform", "", "InputTransform", "words"},
		{"_kernel", "", "Kernel", "a private name in Python"},
		{"beta_1", "", "Beta1", "a number at the end"},
		{"lstm_cell", "", "LSTMCell", "an abbreviation"},
		{"conv2d_transpose", "", "Conv2DTranspose", "dimensions"},
		{"3d", "", "Item3d", "digits that are not dimensions"},
		{"p_re_lu", "", "PReLU", "Keras's spelling"},
		{"InputTransform", "", "InputTransform", "Go's spelling"},
		{"a.b/c-d e", "", "ABCDE", "characters that names cannot have"},
		{"7", "", "Item7", "an index of a list"},
		{"7", "conv1", "Conv1", "an index of a list with a named layer"},
		{"layer_with_weights-3", "scores", "Scores", "TF 2.0's Keras"},
		{"layer_with_weights-3", "", "LayerWithWeights3", "the same without a name"},
		{"kernel", "dense", "Kernel", "an unneeded hint"},
		{"", "", "Field", "nothing"},
		{"_/-", "", "Field", "no character that a name can have"},
		{"größe", "", "Größe", "letters beyond ASCII"},
		{"重み", "", "X重み", "letters without capitals"},
	} {
		t.Run(tt.reason, func(t *testing.T) { require.Equal(t, tt.want, goName(tt.name, tt.hint)) })
	}
}

func TestSingular(t *testing.T) {
	for plural, want := range map[string]string{"blocks": "block", "velocities": "velocity", "glass": "glass", "net": "net", "s": "s"} {
		require.Equal(t, want, singular(plural))
	}
}

// TestFieldTag checks that reflect parses the tags. TestRestores checks that the library reads them.
func TestFieldTag(t *testing.T) {
	for _, tt := range []struct {
		edge edge
		want string
	}{
		{edge{name: "kernel"}, "kernel"},
		{edge{name: "layer-1", also: []string{"a", "b"}}, "layer-1,alias=a,alias=b"},
		{edge{name: "a,b"}, "'a,b'"},
		{edge{name: `'it\'s`}, `'\'it\\\'s'`},
		{edge{name: ""}, "''"},
		{edge{name: "-"}, "'-'"},
		{edge{name: "a`b\"c"}, "a`b\"c"},
	} {
		tag := fieldTag(tt.edge)
		text := strings.Trim(tag, "`")
		if tag[0] == '"' {
			text = unquoted(t, tag)
		}
		require.Equal(t, tt.want, reflect.StructTag(text).Get("ckpt"), tag)
	}
}

func TestNamer(t *testing.T) {
	n := make(namer)
	require.Equal(t, "Dense", n.pick("Dense"))
	require.Equal(t, "Dense2", n.pick("Dense"))
	require.Equal(t, "Dense2_2", n.pick("Dense2"), "not Dense22")
}

func unquoted(t *testing.T, s string) string {
	t.Helper()
	text, err := strconv.Unquote(s)
	require.NoError(t, err)
	return text
}
