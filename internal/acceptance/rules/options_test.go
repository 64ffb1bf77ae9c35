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
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOptionTypes compiles calls. Each verb accepts its options, and an option of another verb does not compile.
func TestOptionTypes(t *testing.T) {
	list, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", ".").Output()
	require.NoError(t, err)
	exports := make(map[string]string)
	for line := range strings.Lines(string(list)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	fset := token.NewFileSet()
	from := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		data, err := os.ReadFile(exports[path])
		return io.NopCloser(bytes.NewReader(data)), err
	})
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
