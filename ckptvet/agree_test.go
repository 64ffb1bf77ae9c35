package ckptvet_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/gockpt/ckpt/ckptvet"
)

// These are the types and tags of the fields in the structs that TestAgreesWithNew makes.
var (
	fieldTypes = []string{
		"tensor.Tensor[float32]", "*tensor.Tensor[int64]", "[]tensor.Tensor[float32]", "map[string]tensor.Tensor[float32]", "map[int]tensor.Tensor[float32]",
		"float32", "int", "uint", "string", "bool", "complex64", "uintptr", "unsafe.Pointer", "tensor.Float16", "half", "any", "error", "fmt.Stringer",
		"[]float32", "[6]float32", "[]int", "[][]float64", "[2][3]int8", "*[]float32", "*float32", "**int64", "[]string", "ring", "loop", "[]loop",
		"chan int", "func()", "[]func()", "map[string]chan int", "map[string]int", "map[kind]int", "map[int]int", "map[[2]int]*parts",
		"parts", "*parts", "[]*parts", "map[string]*parts", "map[int]*parts", "hyper", "*hyper", "node", "*node", "broken", "*broken", "[]broken",
		"wire", "*wire", "[]wire", "variable", "*variable", "[]variable", "slots", "time.Time", "sync.Mutex", "atomic.Pointer[parts]", "ckpt.Module",
		"struct{ W tensor.Tensor[float32] }", "layers.Dense", "*layers.LSTM",
		"Kernel", "*Kernel", "[]kernel", "Weight", "*Weight", "[]Weight", "lossy", "*lossy", "twice", "edges", "owner", "*ckpt.Module",
	}
	fieldTags = []string{
		"", "", "", "w", "a", "b", "-", ",optional", "w,optional,cast", "w,alloc", "a,alias=b", "w,alias=a,alias=c", ",inline", "w,inline", "w,shape=2x3", "w,shape=6",
		"w,pytorch=weight", "w,pytorch=weight:10", "w,pytorch=", "w,pytorch", "w,pytorch=weight:", "w,pytorch=weight:11", "w,pytorch=w:0,pytorch=v:21", "w,pytorch=:10", "w,pytorch=w:x", "w,pytorch=w:1٢", "w,pytorch='a,b':10",
		"w,shape=", "w,shape=2x-3", "w,sparse", "w,optional=1", "w,alias", "w,fullname=x/y", "'a,b'", "'open", "'a'b", ",", "-,", "''",
	}
	fieldNames = []string{"A", "B", "W", "W1", "w1", "c", "InputTransform", "Wx", "WX"}
	embeddable = []string{"parts", "*parts", "hyper", "*hyper", "Parts", "*Parts", "node", "broken", "wire", "variable", "ckpt.Module", "*layers.Dense", "kind", "alike",
		"tensor.Tensor[float32]", "*tensor.Tensor[float32]", "tensor.Any", "Kernel", "kernel", "Weight", "*Weight", "weight", "*weight", "lossy", "edges", "*edges", "owner", "*variable", "*ckpt.Module",
		"tensor.Tensor[float32] `ckpt:\"t\"`", "tensor.Tensor[float32] `ckpt:\"-\"`", "*tensor.Tensor[float32] `ckpt:\",cast\"`", "Weight `ckpt:\"w\"`", "variable `ckpt:\"v\"`"}
)

const preamble = `package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

type (
	half   tensor.Float16
	kind   string
	ring   []ring
	loop   *loop
	parts  struct{ W tensor.Tensor[float32] }
	Parts  struct{ A, B tensor.Tensor[float32] }
	alike  = Parts
	hyper  struct{ Units, Rates int }
	node   struct{ Next *node; W tensor.Tensor[float32] }
	broken struct{ C chan int ` + "`ckpt:\"c\"`" + ` }
	wire   struct{ c chan int }
	variable struct{ c chan int }
	slots  struct{ c chan int }
	Kernel tensor.Tensor[float32]
	kernel Kernel
	Weight struct { tensor.Tensor[float32]; Name string }
	weight struct { Weight }
	lossy  struct { Weight; Bias *tensor.Tensor[float32] }
	twice  struct { *twice; Weight; Meta any }
	edges  struct { tensor.Tensor[float32] ` + "`ckpt:\"t\"`" + `; B tensor.Tensor[float32] }
	owner  struct { variable; tensor.Tensor[float32] }
)

func (*wire) MarshalBinary() ([]byte, error) { return nil, nil }
func (*wire) UnmarshalBinary([]byte) error   { return nil }

func (*variable) CheckpointTensor() (tensor.Any, error) { return new(tensor.Tensor[float32]), nil }
func (*variable) SetCheckpointTensor(tensor.Any) error  { return nil }

func (*slots) SlotNames() []string             { return nil }
func (*slots) Slot(string, any) any            { return nil }
func (*slots) CreateSlot(string, any) any      { return nil }

var _ = []any{sync.Mutex{}, atomic.Int64{}, time.Time{}, unsafe.Pointer(nil), layers.Dense{}, fmt.Stringer(nil)}

func main() {
	found := map[string][2]string{}
	for name, model := range models {
		_, err := ckpt.New(model)
		var tag *ckpt.TagError
		if errors.As(err, &tag) {
			found[name] = [2]string{tag.Struct.Name(), tag.Field}
		}
	}
	json.NewEncoder(os.Stdout).Encode(found)
}
`

// randomStructs returns a program with n structs. It chooses their fields at random from those above.
func randomStructs(random *rand.Rand, n int) string {
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	var b strings.Builder
	b.WriteString(preamble + "\nvar models = ckpt.Group{\n")
	for i := range n {
		fmt.Fprintf(&b, "\t\"T%d\": &T%d{},\n", i, i)
	}
	b.WriteString("}\n")
	for i := range n {
		fmt.Fprintf(&b, "\ntype T%d struct {\n", i)
		names := make(map[string]bool)
		for range 1 + random.IntN(4) {
			name, typ, tag := pick(fieldNames), pick(fieldTypes), pick(fieldTags)
			if name[0] >= 'a' && strings.HasSuffix(tag, "inline") {
				tag = "" // New does not report this mistake by itself
			}
			if random.IntN(5) == 0 {
				typ = pick(embeddable)
				name = strings.TrimPrefix(typ, "*")
				name, _, _ = strings.Cut(name, " ")
				name, _, _ = strings.Cut(name, "[")
				name = name[strings.LastIndex(name, ".")+1:]
				if names[name] {
					continue
				}
				names[name] = true
				fmt.Fprintf(&b, "\t%s", typ)
				if strings.Contains(typ, "`") {
					tag = "" // it has one
				}
			} else {
				if names[name] {
					continue
				}
				names[name] = true
				fmt.Fprintf(&b, "\t%s %s", name, typ)
			}
			if tag != "" {
				fmt.Fprintf(&b, " `ckpt:%q`", tag)
			}
			b.WriteString("\n")
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// For random structs, the analyzer reports exactly the declarations that ckpt.New rejects.
func TestAgreesWithNew(t *testing.T) {
	root := rootModule(t)
	const structs = 1500
	program := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(program, []byte(randomStructs(rand.New(rand.NewPCG(1, 2)), structs)), 0o666); err != nil {
		t.Fatal(err)
	}
	var want map[string][2]string
	runProgram(t, root, program, &want)
	found := analyze(t, root, program)
	agreed := 0
	for i := range structs {
		name := fmt.Sprint("T", i)
		refused, ok := want[name]
		field, _, _ := strings.Cut(refused[1], ".") // of an inlined struct
		switch {
		case !ok && len(found[name]) > 0:
			t.Errorf("%s: New accepts it, and the analyzer finds %v", name, found[name])
		case ok && !slices.Contains(found[refused[0]], field):
			t.Errorf("%s: New refuses field %s of %s, and the analyzer finds %v", name, refused[1], refused[0], found[refused[0]])
		case ok:
			agreed++
		}
		if t.Failed() {
			t.Fatal(declarationOf(t, program, name))
		}
	}
	if agreed < structs/4 {
		t.Errorf("only %d of %d structs have a mistake", agreed, structs)
	}
}

// rootModule returns the directory of package ckpt.
func rootModule(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "tags.go")); err != nil {
		t.Skip("package ckpt is not beside this module, as where it is tested from the module cache:", err)
	}
	return root
}

// runProgram runs a file of the root module and decodes the JSON that it prints.
func runProgram(t *testing.T, root, program string, result any) {
	t.Helper()
	run := exec.Command("go", "run", program) // a file given by name belongs to the module of the working directory
	run.Dir, run.Stderr = root, os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, result); err != nil {
		t.Fatal(err)
	}
}

// analyze returns, for each struct of a program, the fields with tags that the analyzer rejects.
func analyze(t *testing.T, dir, program string) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	for name, messages := range diagnose(t, dir, program) {
		for _, m := range messages {
			if strings.Contains(m, `option "alloc"`) || strings.Contains(m, "an array of") {
				continue // New does not report these
			}
			field, _, _ := strings.Cut(strings.TrimPrefix(m, "field "), ":")
			found[name] = append(found[name], field)
		}
	}
	return found
}

// diagnose returns, for each struct of a program, the analyzer's messages about its tags.
func diagnose(t *testing.T, dir, program string) map[string][]string {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax, Dir: dir}, program)
	if err != nil {
		t.Fatal(err)
	}
	if packages.PrintErrors(pkgs) > 0 {
		t.Fatal("the program does not compile")
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{ckptvet.Analyzer}, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]string)
	for _, d := range graph.Roots[0].Diagnostics {
		if d.Category != "tag" {
			continue
		}
		for _, decl := range pkgs[0].Syntax[0].Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || d.Pos < g.Pos() || d.Pos >= g.End() {
				continue
			}
			for _, s := range g.Specs {
				if spec, ok := s.(*ast.TypeSpec); ok && d.Pos >= spec.Pos() && d.Pos < spec.End() {
					found[spec.Name.Name] = append(found[spec.Name.Name], d.Message)
				}
			}
		}
	}
	return found
}

func declarationOf(t *testing.T, program, name string) string {
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\ntype "+name+" ")
	decl, _, _ := strings.Cut(rest, "\n}")
	return decl
}
