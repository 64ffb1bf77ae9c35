package forged

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/tensor"
)

// specimens are checkpoints from TensorFlow and from this package. They are small enough to be read thousands of times.
var specimens = sync.OnceValue(func() (all []*specimen) {
	const most = 64 << 10
	t := new(failNow)
	take := func(name string, files map[string][]byte, prefix string) {
		size := 0
		for _, b := range files {
			size += len(b)
		}
		if size <= most {
			all = append(all, dissect(t, name, files, prefix))
		}
	}
	for _, index := range append(ckpttest.Must(filepath.Glob(ckpttest.Path("testdata/golden/*/*.index"))), ckpttest.Must(filepath.Glob(ckpttest.Path("testdata/golden/*/*/*.index")))...) {
		if strings.Contains(index, "damaged-") && !strings.Contains(index, "damaged-none") {
			continue
		}
		take(index, checkpointFiles(strings.TrimSuffix(index, ".index")), "d/"+strings.TrimSuffix(filepath.Base(index), ".index"))
	}
	for _, dir := range ckpttest.Must(filepath.Glob(ckpttest.Path("testdata/golden/saved-model-*/saved"))) {
		files := make(map[string][]byte)
		for name, b := range checkpointFiles(filepath.Join(dir, "variables", "variables")) {
			files["d/variables/"+filepath.Base(name)] = b
		}
		files["d/saved_model.pb"] = []byte{}
		take(dir, files, "d/variables/variables")
	}
	for _, v1 := range []string{"saver-v1/one.ckpt", "saver-v1/shards.ckpt-00000-of-00001", "saver-v1-two-shards/ckpt-00000-of-00002"} {
		name := ckpttest.Path("testdata/golden", v1)
		take(name, map[string][]byte{"d/ckpt": ckpttest.Must(os.ReadFile(name))}, "d/ckpt")
	}
	for name, opts := range map[string][]ckpt.SaveOption{"grown": nil, "grown, aligned": {ckpt.Align(64)}, "grown, in shards": {ckpt.MaxShardSize(40)}} {
		disk := errfs.New()
		ckpttest.Must(ckpttest.Must(ckpt.New(newGrown(3), ckpttest.On(disk))).Write(ctx, "d/ckpt", opts...))
		take(name, disk.Files(), "d/ckpt")
	}
	slices.SortFunc(all, func(a, b *specimen) int { return strings.Compare(a.name, b.name) })
	return all
})

// failNow is a TB for setup before a test begins. It panics.
type failNow struct{ testing.TB }

func (*failNow) Helper()                        {}
func (*failNow) Errorf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (*failNow) FailNow()                       { panic("setup failed") }

// checkpointFiles returns the files of the checkpoint called prefix, in a directory d.
func checkpointFiles(prefix string) map[string][]byte {
	files := make(map[string][]byte)
	for _, name := range ckpttest.Must(filepath.Glob(prefix + ".*")) {
		if strings.HasSuffix(name, ".index") || isDataFile(name) {
			files["d/"+filepath.Base(name)] = ckpttest.Must(os.ReadFile(name))
		}
	}
	return files
}

// program returns a program like the one that wrote s, and its variables by key. They hold values that no checkpoint has.
func (s *specimen) program() (root any, vars map[string]tensor.Any) {
	vars = make(map[string]tensor.Any)
	for _, e := range s.entries {
		if b, ok := e.value.(*pb.BundleEntry); ok {
			shape := []int{}
			for _, dim := range b.Shape.GetDim() {
				shape = append(shape, int(dim.Size))
			}
			if v, err := tensor.NewAny(tensor.DType(b.Dtype), shape...); err == nil {
				unsettle(v)
				vars[e.key] = v
			}
		}
	}
	objects := make([]any, len(s.graph.GetNodes()))
	for id, n := range s.graph.GetNodes() {
		objects[id] = map[string]any{}
		for _, a := range n.Attributes {
			if v, ok := vars[a.CheckpointKey]; ok && a.Name == object.VariableAttribute {
				objects[id] = v
			}
		}
	}
	used := make(map[string]tensor.Any) // objects of the root's edges
	note := func(id int) {
		for _, a := range s.graph.Nodes[id].Attributes {
			if v, ok := vars[a.CheckpointKey]; ok && v == objects[id] {
				used[a.CheckpointKey] = v
			}
		}
	}
	for id, n := range s.graph.GetNodes() {
		for _, c := range n.Children {
			if m, ok := objects[id].(map[string]any); ok && !(id == 0 && c.LocalName == object.SaveCounter) {
				m[c.LocalName] = objects[c.NodeId]
				note(int(c.NodeId))
			}
		}
	}
	if len(objects) == 0 {
		named := ckpt.Vars{}
		for key, v := range vars {
			named[key] = v
		}
		return named, vars
	}
	if m, ok := objects[0].(map[string]any); ok {
		return &m, used
	}
	note(0)
	return objects[0], used
}

// unsettle fills a tensor with other values.
func unsettle(v tensor.Any) {
	if b, ok := tensor.Bytes(v); ok {
		for i := range b {
			b[i] = 1
		}
	} else if texts, ok := v.Values().([]string); ok {
		for i := range texts {
			texts[i] = "before"
		}
	}
}

func isDataFile(name string) bool { _, ok := prefix.CutDataFile(name); return ok }
