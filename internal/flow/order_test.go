package main

import (
	"go/ast"
	"go/types"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/typed"
)

// TestFlows compares the two flows in ARCHITECTURE.md with the code: the first function must call the others,
// directly or indirectly, in the order of the text.
func TestFlows(t *testing.T) {
	packages, err := typed.Load(module, module+"/internal/...", module+"/format/...")
	require.NoError(t, err)
	c := newCode(packages)
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	require.NoError(t, err)
	for _, name := range []string{"save", "restore"} {
		t.Run(name, func(t *testing.T) {
			want := callsOf(t, string(text), name)
			for _, f := range want {
				require.Contains(t, c.calls, f, "the function does not exist")
			}
			require.Greater(t, len(want), 7)
			for i, f := range want[1:] {
				require.True(t, c.inOrder(want[0], want[i], f), "%s does not call %s, and is not called before it", want[i], f)
			}
		})
	}
}

// callsOf returns the functions of a flow. A flow's lines name them before a colon.
func callsOf(t *testing.T, text, name string) (calls []string) {
	_, flow, ok := strings.Cut(text, "\n    "+name+" ")
	require.True(t, ok)
	flow, _, _ = strings.Cut(flow, "\n\n")
	call := regexp.MustCompile(`^\w+(\.\w+)*$`)
	for line := range strings.Lines(flow) {
		for part := range strings.SplitSeq(line, ";") {
			named, _, ok := strings.Cut(part, ":")
			require.True(t, ok, "%q does not say what the calls are for", part)
			for f := range strings.SplitSeq(named, "→") {
				f = strings.TrimSpace(f)
				require.Regexp(t, call, f)
				calls = append(calls, f)
			}
		}
	}
	return calls
}

// code has the calls of each function, in source order. Functions have the names that ARCHITECTURE.md uses: a
// method is Type.method, and outside the root package the name of the package comes first.
type code struct {
	calls   map[string][]string
	methods map[string][]string        // by method name: the functions that a call through an interface may reach
	has     map[string]map[string]bool // the methods of each type
}

func newCode(packages []*typed.Package) *code {
	c := &code{calls: make(map[string][]string), methods: make(map[string][]string), has: make(map[string]map[string]bool)}
	bodies := make(map[string]func())
	for _, p := range packages {
		for _, f := range p.Files {
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Body == nil {
					continue
				}
				obj := p.Info.Defs[fn.Name].(*types.Func)
				name := nameOf(obj)
				if on, _, ok := cutLast(name); ok && obj.Signature().Recv() != nil {
					c.methods[obj.Name()] = append(c.methods[obj.Name()], name)
					if c.has[on] == nil {
						c.has[on] = make(map[string]bool)
					}
					c.has[on][obj.Name()] = true
				}
				bodies[name] = func() { c.calls[name] = append([]string{}, c.callsIn(p.Info, fn.Body)...) }
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		slices.Sort(c.methods[name])
	}
	for _, read := range bodies {
		read()
	}
	return c
}

// cutLast cuts s at its last dot.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// nameOf returns the name of f.
func nameOf(f *types.Func) string {
	f = f.Origin()
	name := f.Name()
	if recv := f.Signature().Recv(); recv != nil {
		of := recv.Type()
		if p, ok := of.(*types.Pointer); ok {
			of = p.Elem()
		}
		if named, ok := of.(*types.Named); ok {
			name = named.Obj().Name() + "." + name
		}
	}
	if f.Pkg() != nil && f.Pkg().Path() != module {
		name = f.Pkg().Name() + "." + name
	}
	return name
}

// callsIn returns the functions that a body calls, in the order of the calls: arguments before the call, and
// deferred calls at the end. A function that is passed as an argument counts as called after the function
// that receives it.
func (c *code) callsIn(info *types.Info, body ast.Node) (calls []string) {
	var deferred []string
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.DeferStmt:
			deferred = append(c.callsIn(info, n.Call), deferred...)
			return false
		case *ast.CallExpr:
			var passed []ast.Expr
			for _, arg := range n.Args {
				if isFunction(info, arg) {
					passed = append(passed, arg)
				} else {
					ast.Inspect(arg, visit)
				}
			}
			ast.Inspect(n.Fun, visit)
			for _, f := range passed {
				ast.Inspect(f, visit)
			}
			return false
		case *ast.Ident:
			if f, ok := info.Uses[n].(*types.Func); ok {
				calls = append(calls, c.reached(f)...)
			}
		}
		return true
	}
	ast.Inspect(body, visit)
	return append(calls, deferred...)
}

// isFunction reports whether an expression is a function: a literal, a name or a method.
func isFunction(info *types.Info, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncLit:
		return true
	case *ast.Ident:
		_, ok := info.Uses[e].(*types.Func)
		return ok
	case *ast.SelectorExpr:
		_, ok := info.Uses[e.Sel].(*types.Func)
		return ok
	}
	return false
}

// reached returns f. If f is a method of one of the module's interfaces, it returns that method of every type
// that implements the interface.
func (c *code) reached(f *types.Func) []string {
	recv := f.Signature().Recv()
	if recv == nil || f.Pkg() == nil {
		return []string{nameOf(f)}
	}
	in, ok := recv.Type().Underlying().(*types.Interface)
	if !ok || !strings.HasPrefix(f.Pkg().Path(), module) {
		return []string{nameOf(f)}
	}
	var found []string
	for _, name := range c.methods[f.Name()] {
		on, _, _ := cutLast(name)
		all := true
		for m := range in.Methods() {
			all = all && c.has[on][m.Name()]
		}
		if all {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// leadTo returns f and all functions that call f, directly or indirectly.
func (c *code) leadTo(f string) map[string]bool {
	callers := make(map[string][]string)
	for from, calls := range c.calls {
		for _, to := range calls {
			callers[to] = append(callers[to], from)
		}
	}
	found, queue := map[string]bool{f: true}, []string{f}
	for len(queue) > 0 {
		for _, from := range callers[queue[0]] {
			if !found[from] {
				found[from] = true
				queue = append(queue, from)
			}
		}
		queue = queue[1:]
	}
	return found
}

// first returns the index of the first call that is in a set, or -1.
func first(calls []string, in map[string]bool) int {
	return slices.IndexFunc(calls, func(f string) bool { return in[f] })
}

// inOrder reports whether a calls b, or whether a function that root leads to calls first a and then b.
func (c *code) inOrder(root, a, b string) bool {
	toA, toB := c.leadTo(a), c.leadTo(b)
	seen := make(map[string]bool)
	for f := root; ; {
		if f == a {
			return toB[a]
		}
		seen[f] = true
		both := slices.IndexFunc(c.calls[f], func(g string) bool { return toA[g] && toB[g] && !seen[g] })
		if both < 0 {
			atA, atB := first(c.calls[f], toA), first(c.calls[f], toB)
			return atA >= 0 && atA < atB
		}
		f = c.calls[f][both]
	}
}
