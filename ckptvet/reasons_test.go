package ckptvet_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// reasons has a declaration for each reason for which ckpt.New returns a TagError. The types alone show each
// of these mistakes.
var reasons = []struct{ name, fields, field, problem string }{
	{"NotUTF8", `W int64 ` + "`ckpt:\"\\xff\"`", "W", "it is not UTF-8"},
	{"OpenQuote", `W int64 ` + "`ckpt:\"'w\"`", "W", "is not closed"},
	{"AfterQuote", `W int64 ` + "`ckpt:\"'w'x\"`", "W", `text "x" after the quoted name`},
	{"FlagWithValue", `W int64 ` + "`ckpt:\"w,cast=1\"`", "W", `option "cast" takes no value`},
	{"NoValue", `W int64 ` + "`ckpt:\"w,fullname\"`", "W", `option "fullname" needs a value`},
	{"UnknownOption", `W int64 ` + "`ckpt:\"w,omitempty\"`", "W", `unknown option "omitempty"`},
	{"ShapeForm", `W []float32 ` + "`ckpt:\"w,shape=2,3\"`", "W", "unknown option"},
	{"ShapeText", `W []float32 ` + "`ckpt:\"w,shape=2*3\"`", "W", "is not of the form 2x3"},
	{"ShapeNegative", `W []float32 ` + "`ckpt:\"w,shape=-2\"`", "W", "is not of the form 2x3"},
	{"ShapeTooLarge", `W []float32 ` + "`ckpt:\"w,shape=4294967296x4294967296\"`", "W", "more elements than an int can count"},
	{"ShapeOfRows", `W [][]float32 ` + "`ckpt:\"w,shape=2x3\"`", "W", `option "shape" is for a flat slice or array`},
	{"ShapeOfText", `W string ` + "`ckpt:\"w,shape=2x3\"`", "W", `option "shape" is for a flat slice or array`},
	{"NoStoredName", `W tensor.Tensor[float32] ` + "`ckpt:\"w,pytorch=:10\"`", "W", "lacks the stored name"},
	{"AxesTwice", `W tensor.Tensor[float32] ` + "`ckpt:\"w,pytorch=w:11\"`", "W", "must name each axis"},
	{"ModuleInField", `M ckpt.Module`, "M", "ckpt.Module must be embedded"},
	{"EmbeddedPointer", `*parts`, "parts", "an embedded pointer to an unexported struct"},
	{"UnexportedInline", `p parts ` + "`ckpt:\",inline\"`", "p", "is not exported"},
	{"Unexported", `w int64 ` + "`ckpt:\"w\"`", "w", "is not exported"},
	{"InItself", `W int64; *InItself`, "InItself", "is inlined into itself"},
	{"InlineOfNumber", `W int64 ` + "`ckpt:\"w,inline\"`", "W", `option "inline" is for structs`},
	{"EmbeddedKernel", `kernel`, "kernel", "an embedded tensor of an unexported type"},
	{"Channel", `C chan int ` + "`ckpt:\"c\"`", "C", "a chan int cannot be saved"},
	{"OnlyPointers", `R ring ` + "`ckpt:\"r\"`", "R", "points to pointers only"},
	{"Keys", `M map[int]*parts`, "M", "the keys of map[int]*parts are not strings"},
	{"NameTwice", `A int64 ` + "`ckpt:\"w\"`" + `; W tensor.Tensor[float32]`, "W", `field A already has the name "w"`},
	{"AliasTwice", `A int64 ` + "`ckpt:\"a,alias=w\"`" + `; W tensor.Tensor[float32]`, "W", `field A already has the name "w"`},
	{"PointerInLeaf", `*weight`, "weight", "an embedded pointer to an unexported struct"},
	{"TagInVariable", ``, "W", "is saved by its methods"},
	{"BesideTensor", `tensor.Tensor[float32]; Bias tensor.Tensor[float32]`, "Bias", "it would not be saved"},
}

const reasonsPreamble = `package main

import (
	"encoding/json"
	"errors"
	"os"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

type (
	parts  struct{ W tensor.Tensor[float32] }
	ring   *ring
	kernel tensor.Tensor[float32]
	weight struct { tensor.Tensor[float32] }
)

type TagInVariable struct { W int64 ` + "`ckpt:\"w\"`" + ` }

func (*TagInVariable) CheckpointTensor() (tensor.Any, error) { return new(tensor.Tensor[float32]), nil }
func (*TagInVariable) SetCheckpointTensor(tensor.Any) error  { return nil }

func main() {
	found := map[string][2]string{}
	for name, model := range models {
		_, err := ckpt.New(ckpt.Group{"m": model})
		var tag *ckpt.TagError
		if errors.As(err, &tag) {
			found[name] = [2]string{tag.Field, tag.Problem}
		}
	}
	json.NewEncoder(os.Stdout).Encode(found)
}

`

// The analyzer reports each mistake with New's message. The table has every reason in the root module's
// source.
func TestReasons(t *testing.T) {
	root := rootModule(t)
	var b strings.Builder
	b.WriteString(reasonsPreamble + "var models = ckpt.Group{\n")
	for _, r := range reasons {
		fmt.Fprintf(&b, "\t%q: new(%s),\n", r.name, r.name)
	}
	b.WriteString("}\n")
	for _, r := range reasons {
		if r.fields != "" {
			fmt.Fprintf(&b, "\ntype %s struct { %s }\n", r.name, r.fields)
		}
	}
	program := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(program, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	var refused map[string][2]string
	runProgram(t, root, program, &refused)
	found := diagnose(t, root, program)
	alike := strings.NewReplacer("main.", "", "github.com/gockpt/ckpt/tensor.", "tensor.")
	var problems []string
	for _, r := range reasons {
		field, problem := refused[r.name][0], alike.Replace(refused[r.name][1])
		if field != r.field || !strings.Contains(problem, r.problem) {
			t.Errorf("%s: New says %q of field %q, not %q of %s", r.name, problem, field, r.problem, r.field)
		}
		problems = append(problems, problem)
		if said := fmt.Sprintf("field %s: %s", field, problem); !slices.ContainsFunc(found[r.name], func(m string) bool { return sameReason(alike.Replace(m), said) }) {
			t.Errorf("%s: New says %q, and the analyzer %q", r.name, said, found[r.name])
		}
	}
	for _, pattern := range reasonsInSource(t, root) {
		if !slices.ContainsFunc(problems, pattern.MatchString) {
			t.Errorf("the table has no declaration for which New says %v", pattern)
		}
	}
}

// sameReason compares two messages. The two sides describe shapes that are too large in different words.
func sameReason(a, b string) bool {
	const large = "more elements than an int can count"
	return a == b || strings.Contains(a, large) && strings.Contains(b, large)
}

// reasonsInSource returns patterns of all problems that the root module's source can give a TagError.
func reasonsInSource(t *testing.T, root string) []*regexp.Regexp {
	t.Helper()
	var patterns []*regexp.Regexp
	verb := regexp.MustCompile(`%[a-z]`)
	for _, file := range []string{"tags.go", "internal/walk/grammar.go", "internal/walk/leaf.go", "internal/walk/types.go", "internal/walk/traits.go"} {
		syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range problemTexts(syntax) {
			parts := verb.Split(text, -1)
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			patterns = append(patterns, regexp.MustCompile("(?s)"+strings.Join(parts, ".*")))
		}
	}
	if len(patterns) < 20 {
		t.Fatalf("only %d reasons were found in the source: look for them elsewhere", len(patterns))
	}
	return patterns
}

// problemTexts returns the texts passed to bad, to Wrong and to functions that make errors, and the texts
// that CannotSave returns.
func problemTexts(file *ast.File) []string {
	var texts []string
	literals := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(text, " ") {
					texts = append(texts, text)
				}
			}
			return true
		})
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch fun := n.Fun.(type) {
				case *ast.Ident:
					name = fun.Name
				case *ast.SelectorExpr:
					name = fun.Sel.Name
				}
				if slices.Contains([]string{"bad", "Wrong", "Errorf", "New"}, name) {
					literals(n)
					return false
				}
			case *ast.ReturnStmt:
				if f.Name.Name == "CannotSave" {
					literals(n)
				}
			}
			return true
		})
	}
	return texts
}
