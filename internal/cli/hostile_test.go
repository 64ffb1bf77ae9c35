package cli

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// hostileNames could ring, clear, recolour or rewrite a terminal, end a line or a comment, or look like
// something else.
var hostileNames = map[string]string{
	"a NUL":                         "a\x00b",
	"a newline":                     "a\nproblem: forged",
	"a carriage return":             "a\rforged",
	"an escape sequence":            "\x1b[2J\x1b[31m",
	"a change of the title":         "\x1b]0;forged\x07",
	"a backspace":                   "a\b\bforged",
	"a delete":                      "a\x7f",
	"escape sequences of C1":        "\u009b2J",
	"a byte of C1":                  "\x9b2J",
	"no UTF-8":                      "\xff\xfe",
	"half a rune":                   "a\xe2\x82",
	"reversed text":                 "\u202egnp.exe",
	"a space without width":         "a\u200bb",
	"a line separator":              "a\u2028b",
	"the end of a tag":              "a`b\"c",
	"the end of a comment":          "*/ func init() { panic(1) } /*",
	"a compiler directive":          "\n//go:generate forged",
	"a comma, a quote and a dash":   "-,'",
	"a private rune":                "\U000f0000",
	"an overlong encoding of slash": "\xc0\xaf",
}

// hostileCheckpoint returns a checkpoint with a name in every position: as a key, an edge, an attribute, a
// variable's name, a saver, a slot and a string. If the name is not UTF-8, the graph has it in quotes,
// because a graph must be UTF-8.
func hostileCheckpoint(t *testing.T, name string, value float32) (prefix string) {
	t.Helper()
	text := name
	if !utf8.ValidString(text) {
		text = strconv.Quote(text)
	}
	key := text + "/.ATTRIBUTES/VARIABLE_VALUE"
	variable := []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: text, Key: key}}
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{
		{Children: []objectgraph.Child{{Name: text, ID: 1}, {Name: "saved", ID: 2}, {Name: "optimizer", ID: 3}, {Name: "several", ID: 5}, {Name: "lost", ID: 6}, {Name: "of " + text, ID: 7}}},
		{Attributes: variable},
		{Saver: &objectgraph.RegisteredSaver{Name: text, ObjectName: text}},
		{Slots: []objectgraph.Slot{{Original: 1, Name: text, Variable: 4}}, Children: []objectgraph.Child{{Name: text, ID: 1}}},
		{Attributes: variable},
		{Attributes: []objectgraph.Attribute{{Name: text, FullName: text, Key: key}, {Name: "x", FullName: text, Key: key}}},
		{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: text, Key: text + "/gone"}}},
		{Children: []objectgraph.Child{{Name: text, ID: 8}}},
		{Children: []objectgraph.Child{{Name: "kernel_of", ID: 1}, {Name: "bias_of", ID: 4}}}, // a struct in a map
	}}
	prefix = filepath.Join(t.TempDir(), "ckpt")
	w := bundle.Create(fsx.OS{}, prefix, bundle.Options{})
	for key, v := range map[string]tensor.Any{key: tensor.Scalar(value), "raw " + name: tensor.Scalar(fmt.Sprint(name, value)), objectgraph.GraphKey: tensor.Scalar(string(g.Marshal()))} {
		require.NoError(t, w.Add(0, key, format.SourceOf(v)))
	}
	require.NoError(t, w.Commit(t.Context()))
	return prefix
}

// requirePlain checks that output cannot move the cursor: it must have only lines of visible characters.
func requirePlain(t *testing.T, what, output string) {
	t.Helper()
	require.True(t, utf8.ValidString(output), "%s prints %q", what, output)
	for _, r := range output {
		require.True(t, unicode.IsPrint(r) || r == '\n' || r == '\t', "%s prints %q: %q", what, r, output)
	}
}

// TestHostileNames prints forged names with every command.
func TestHostileNames(t *testing.T) {
	for title, name := range hostileNames {
		t.Run(title, func(t *testing.T) {
			a, b := hostileCheckpoint(t, name, 1), hostileCheckpoint(t, name, 2)
			other := hostileCheckpoint(t, "another", 1)
			for _, command := range [][]string{
				{"list", a}, {"list", "--sha256", a}, {"graph", a}, {"verify", a}, {"diff", a, b}, {"diff", a, other}, {"gen", a}, {"gen", "--at", "optimizer", a}, {"gen", "--at", "none", a},
				{"list", "--json", a}, {"list", "--json", "--sha256=false", a}, {"graph", "--json", a}, {"verify", "--json", a}, {"diff", "--json", a, b}, {"diff", "--json", a, other},
			} {
				r := runCkpt(t, command...)
				what := strings.Join(command[:len(command)-1], " ")
				require.Contains(t, []int{0, 1}, r.status, "%s: %s", what, r.stderr)
				requirePlain(t, what, r.stdout)
				requirePlain(t, what, r.stderr)
				require.NotContains(t, r.stdout, "\nproblem: forged", what)
				switch {
				case command[1] == "--json":
					require.True(t, json.Valid([]byte(r.stdout)), "%s prints %s", what, r.stdout)
				case command[0] == "gen" && r.status == 0:
					f, err := parser.ParseFile(token.NewFileSet(), "model.go", r.stdout, parser.ParseComments)
					require.NoError(t, err, r.stdout)
					for _, group := range f.Comments {
						for _, c := range group.List {
							require.False(t, strings.HasPrefix(c.Text, "//go:"), "%s obeys %q", what, c.Text)
						}
					}
					for _, d := range f.Decls {
						function, ok := d.(*ast.FuncDecl)
						require.False(t, ok && function.Name.Name == "init", r.stdout)
					}
				case r.status == 1 && command[0] != "diff":
					require.Equal(t, 1, strings.Count(r.stderr, "\n"), "%s: %s", what, r.stderr)
				}
			}
		})
	}
}

// TestHostileKeysInJSON checks that JSON has the real names.
func TestHostileKeysInJSON(t *testing.T) {
	for title, name := range hostileNames {
		if !utf8.ValidString(name) {
			continue // such bytes become U+FFFD, because JSON cannot represent them
		}
		t.Run(title, func(t *testing.T) {
			path := hostileCheckpoint(t, name, 1)
			var list []struct{ Key string }
			require.NoError(t, json.Unmarshal([]byte(runCkpt(t, "list", "--json", "--sha256=false", path).stdout), &list))
			var keys []string
			for _, o := range list {
				keys = append(keys, o.Key)
			}
			require.ElementsMatch(t, []string{objectgraph.GraphKey, name + "/.ATTRIBUTES/VARIABLE_VALUE", "raw " + name}, keys)
			var graph struct {
				Nodes []struct{ Children []struct{ Name string } }
			}
			require.NoError(t, json.Unmarshal([]byte(runCkpt(t, "graph", "--json", path).stdout), &graph))
			require.Equal(t, name, graph.Nodes[0].Children[0].Name)
		})
	}
}

// TestHostileModels runs a model with forged names, and inputs with forged names.
func TestHostileModels(t *testing.T) {
	const dir = "testdata/unnamed"
	for title, name := range hostileNames {
		if !utf8.ValidString(name) {
			continue // encoding/json replaces it
		}
		t.Run(title, func(t *testing.T) {
			file := func(from string, replace ...string) string {
				b, err := os.ReadFile(filepath.Join(dir, from))
				require.NoError(t, err)
				for i := range replace {
					require.Contains(t, string(b), replace[i])
					quoted, _ := json.Marshal(name + strconv.Itoa(i))
					b = []byte(strings.ReplaceAll(string(b), `"`+replace[i]+`"`, string(quoted)))
				}
				to := filepath.Join(t.TempDir(), from)
				require.NoError(t, os.WriteFile(to, b, 0o666))
				return to
			}
			weights := filepath.Join(dir, "model")
			for what, args := range map[string][]string{
				"names of the model and its layers": {"--config", file("model.json", "sequential", "input_layer"), "--input", file("io.json")},
				"names of the inputs":               {"--config", file("model.json"), "--input", file("io.json", "x")},
				"a class":                           {"--config", file("model.json", "Conv1D"), "--input", file("io.json")},
				"an activation":                     {"--config", file("model.json", "relu"), "--input", file("io.json")},
				"a dtype":                           {"--config", file("model.json"), "--input", file("io.json", "float32")},
			} {
				r := runCkpt(t, append([]string{"run", "--weights", weights, "--at", "model"}, args...)...)
				requirePlain(t, what, r.stdout)
				requirePlain(t, what, r.stderr)
				if r.status == 0 {
					require.True(t, json.Valid([]byte(r.stdout)), r.stdout)
				} else {
					require.Equal(t, 1, r.status, r.stderr)
					require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
				}
			}
		})
	}
}
