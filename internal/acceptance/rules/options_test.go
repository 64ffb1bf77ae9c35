package rules

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// compiled returns an importer of the module's packages and their dependencies, as the compiler wrote them.
func compiled(t *testing.T, fset *token.FileSet) types.Importer {
	list, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./...").Output()
	require.NoError(t, err)
	exports := make(map[string]string)
	for line := range strings.Lines(string(list)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		data, err := os.ReadFile(exports[path])
		return io.NopCloser(bytes.NewReader(data)), err
	})
}

// TestOptionTypes compiles calls. Each function accepts its options, and an option of another function does not compile.
func TestOptionTypes(t *testing.T) {
	fset := token.NewFileSet()
	from := compiled(t, fset)
	compile := func(call string) error {
		source := fmt.Sprintf(`package p
import ("context"; "io/fs"; "github.com/gockpt/ckpt")
func f(ctx context.Context, f fs.FS, c *ckpt.Checkpoint, m *ckpt.Manager, s *ckpt.Saver, model any, progress func(ckpt.Progress)) { %s }`, call)
		file, err := parser.ParseFile(fset, "call.go", source, 0)
		if err != nil {
			return err
		}
		_, err = (&types.Config{Importer: from}).Check("p", fset, []*ast.File{file}, nil)
		return err
	}
	for _, call := range []string{
		`_ = []ckpt.Option{ckpt.WithFS(f), ckpt.WithLogger(nil), ckpt.WithProgress(progress), ckpt.Async()}`,
		`ckpt.New(model, ckpt.With("step", nil), ckpt.WithFS(f), ckpt.Async(), ckpt.SkipSlots())`,
		`c.Save(ctx, "p", ckpt.Async(), ckpt.MaxShardSize(9), ckpt.WithProgress(progress))`,
		`c.Write(ctx, "p", ckpt.Async(), ckpt.OnWrite(nil))`,
		`c.Restore(ctx, "p", ckpt.Planned(), ckpt.Atomic(), ckpt.WithFS(f), ckpt.Rename("a", "b"))`,
		`c.Read(ctx, "p", ckpt.Planned())`,
		`ckpt.Open("p", ckpt.WithFS(f), ckpt.Mapped(), ckpt.WithLogger(nil))`,
		`ckpt.Latest("d", ckpt.WithFS(f), ckpt.StateFile("s"))`,
		`ckpt.LoadWeights(ctx, "p", model, ckpt.Strict(), ckpt.Partial(), ckpt.At("model"), ckpt.WithFS(f), ckpt.WithLogger(nil), ckpt.WithProgress(progress), ckpt.Rename("a", "b"))`,
		`ckpt.SaveWeights(ctx, "p", model, ckpt.As("safetensors"), ckpt.PyTorch(), ckpt.MaxShardSize(9), ckpt.WithProgress(progress))`,
		`ckpt.NewManager(c, "d", ckpt.KeepLast(3), ckpt.KeepEvery(1), ckpt.StateFile("s"), ckpt.WithLogger(nil))`,
		`m.Save(ctx, ckpt.Number(3), ckpt.Force(), ckpt.Async(), ckpt.OnWrite(nil))`,
		`c.WriteSection(ctx, "p", 0, 2, ckpt.Parts(nil), ckpt.Attempt("a"), ckpt.Own(nil), ckpt.WithLogger(nil))`,
		`ckpt.Merge(ctx, "p", ckpt.Attempt("a"), ckpt.Unverified(), ckpt.StateFile("s"))`,
		`ckpt.NewSaver(model, ckpt.StateFile("s"), ckpt.Align(64))`,
		`ckpt.NewManager(c, "d", ckpt.Async())`,
		`ckpt.Iterator(ctx, "d", ckpt.Timeout(1), ckpt.WithFS(f))`,
		`ckpt.NewSaver(model, ckpt.KeepLast(3), ckpt.PadStep(), ckpt.NoStateFile(), ckpt.WithFS(f))`,
		`s.Save(ctx, "p", ckpt.GlobalStep(3), ckpt.NoStateFile())`,
		`ckpt.AssignFromCheckpoint(ctx, "p", model, nil, ckpt.WithFS(f), ckpt.Atomic())`,
	} {
		require.NoError(t, compile(call), call)
	}
	for call, option := range map[string]string{
		`ckpt.New(model, ckpt.Strict())`:                      "Option",
		`ckpt.New(model, ckpt.KeepLast(2))`:                   "Option",
		`c.Save(ctx, "p", ckpt.Planned())`:                    "SaveOption",
		`c.Save(ctx, "p", ckpt.Number(3))`:                    "SaveOption",
		`c.Restore(ctx, "p", ckpt.Async())`:                   "RestoreOption",
		`c.Restore(ctx, "p", ckpt.Strict())`:                  "RestoreOption",
		`ckpt.Open("p", ckpt.Strict())`:                       "OpenOption",
		`ckpt.Latest("d", ckpt.Atomic())`:                     "OpenOption",
		`ckpt.LoadWeights(ctx, "p", model, ckpt.Async())`:     "LoadOption",
		`ckpt.LoadWeights(ctx, "p", model, ckpt.Planned())`:   "LoadOption",
		`ckpt.SaveWeights(ctx, "p", model, ckpt.Strict())`:    "SaveWeightsOption",
		`ckpt.SaveWeights(ctx, "p", model, ckpt.WithFS(f))`:   "SaveWeightsOption",
		`ckpt.NewManager(c, "d", ckpt.Force())`:               "ManagerOption",
		`m.Save(ctx, ckpt.KeepLast(2))`:                       "ManagerSaveOption",
		`ckpt.Merge(ctx, "p", ckpt.Async())`:                  "MergeOption",
		`c.WriteSection(ctx, "p", 0, 2, ckpt.Unverified())`:   "SectionOption",
		`c.WriteSection(ctx, "p", 0, 2, ckpt.StateFile("s"))`: "SectionOption",
		`ckpt.Iterator(ctx, "d", ckpt.KeepLast(3))`:           "WatchOption",
		`ckpt.NewSaver(model, ckpt.GlobalStep(1))`:            "SaverOption",
		`s.Save(ctx, "p", ckpt.KeepLast(2))`:                  "SaverSaveOption",
		`s.Restore(ctx, "p", ckpt.Planned())`:                 "AssignOption",
		`ckpt.RestoreNodes(ctx, "p", nil, ckpt.Strict())`:     "RestoreOption",
		`ckpt.Reshard(ctx, "p", "q", ckpt.Async())`:           "ReshardOption",
	} {
		err := compile(call)
		require.ErrorContains(t, err, "does not implement ckpt."+option, call)
	}
}

// TestOptionsInComments compares the options that a function accepts with those that its comment lists.
func TestOptionsInComments(t *testing.T) {
	fset := token.NewFileSet()
	pkg, err := compiled(t, fset).Import("github.com/gockpt/ckpt")
	require.NoError(t, err)
	// Options that compile and do nothing: their types are shared with other functions.
	idle := map[string][]string{
		"WaitForNew": {"MinInterval", "TimeoutFunc"},
		"Latest":     {"Mapped", "WithProgress"}, "ModTime": {"AbsolutePaths", "Mapped", "StateFile", "WithLogger", "WithProgress"}, "Remove": {"WithLogger"},
		"Checkpoint.Write": {"IgnoreDamagedState", "StateFile"}, "Checkpoint.Read": {"AbsolutePaths", "StateFile"},
		"RestoreNodes": {"AbsolutePaths", "Planned", "Rename", "SkipSlots", "StateFile"},
	}
	others := map[string]string{"LoadWeightsFunc": "LoadWeights", "ViewOf": "New"} // their comments refer to these

	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	name := regexp.MustCompile(`\[(\w+)\]`)
	functions := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			called, accepted := options(pkg, f)
			if accepted == nil {
				continue
			}
			functions++
			if other := others[called]; other != "" {
				require.Contains(t, f.Doc.Text(), "ptions are those of ["+other+"]", called)
				continue
			}
			_, list, _ := strings.Cut(f.Doc.Text(), "Options: ")
			var listed []string
			for _, m := range name.FindAllStringSubmatch(list, -1) {
				listed = append(listed, m[1])
			}
			require.ElementsMatch(t, accepted, slices.Concat(listed, idle[called]), called)
		}
	}
	require.Greater(t, functions, 20)
}

// options returns the name of a function of pkg, and the names of the options that it accepts.
func options(pkg *types.Package, f *ast.FuncDecl) (called string, accepted []string) {
	called = f.Name.Name
	object := pkg.Scope().Lookup(called)
	if f.Recv != nil {
		pointer, _ := f.Recv.List[0].Type.(*ast.StarExpr)
		if pointer == nil {
			return called, nil
		}
		receiver, _ := pointer.X.(*ast.Ident)
		if receiver == nil || !receiver.IsExported() {
			return called, nil
		}
		object, _, _ = types.LookupFieldOrMethod(pkg.Scope().Lookup(receiver.Name).Type(), true, pkg, called)
		called = receiver.Name + "." + called
	}
	signature := object.Type().(*types.Signature)
	if !signature.Variadic() {
		return called, nil
	}
	wanted, ok := signature.Params().At(signature.Params().Len() - 1).Type().(*types.Slice).Elem().Underlying().(*types.Interface)
	if !ok || wanted.NumMethods() == 0 {
		return called, nil
	}
	for _, n := range pkg.Scope().Names() {
		option, ok := pkg.Scope().Lookup(n).(*types.Func)
		if !ok || !option.Exported() {
			continue
		}
		results := option.Signature().Results()
		if results.Len() == 1 && types.IsInterface(results.At(0).Type()) && types.Implements(results.At(0).Type(), wanted) {
			accepted = append(accepted, n)
		}
	}
	return called, accepted
}
