package forged

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// A grown program has pointers, slices and maps, from which a checkpoint can make further objects, to any depth.
type grown struct {
	V     *tensor.Tensor[float32] `ckpt:"v,optional"`
	N     []float32               `ckpt:"n,optional"`
	Next  *grown                  `ckpt:"next,optional"`
	Kids  []*grown                `ckpt:"kids,optional"`
	Named map[string]*grown       `ckpt:"named,optional"`
}

func newGrown(depth int) *grown {
	g := &grown{V: ckpttest.Vector(float32(depth), 2), N: []float32{1, 2, 3}, Named: map[string]*grown{"a/b": {V: ckpttest.Vector(7)}}}
	if depth > 0 {
		g.Next, g.Kids = newGrown(depth-1), []*grown{{V: ckpttest.Vector(1)}, newGrown(0)}
	}
	return g
}

// mappable is a disk with files that can be memory-mapped.
type mappable struct{ *errfs.FS }

func (m mappable) Open(name string) (fsx.Reader, error) {
	r, err := m.FS.Open(name)
	return mappableReader{r}, err
}

type mappableReader struct{ fsx.Reader }

func (r mappableReader) Map() ([]byte, func() error, error) {
	b := make([]byte, r.Size())
	_, err := r.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return b, func() error { return nil }, err
}

// An interrogation runs every verb that reads on one forged checkpoint.
type interrogation struct {
	*testing.T
	s     *specimen // the checkpoint before it was forged
	of    *specimen // forged
	files map[string][]byte
	disk  *errfs.FS
	on    ckpt.AnyOption
	size  int
	what  string

	unforged bool
}

// verb runs one verb, and fails the test if it allocates more memory than the size of the files justifies, or does not end.
func (q *interrogation) verb(name string, f func()) {
	q.Helper()
	what := q.what + ": " + name
	late := time.AfterFunc(time.Minute, func() { panic(what + " does not end") })
	before := allocated()
	f()
	took := allocated() - before
	late.Stop()
	require.Less(q, took, uint64(16<<20+256*q.size), "%s: memory used for %d bytes of files", what, q.size)
	require.Zero(q, q.disk.OpenFiles(), what)
}

// allocated returns the number of bytes allocated so far, including those that were freed again.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// errorClasses are the errors by which programs can distinguish read errors.
var errorClasses = []error{ckpt.ErrCorrupt, ckpt.ErrNotFound, ckpt.ErrMismatch, ckpt.ErrIncomplete, ckpt.ErrNoObjectGraph, ckpt.ErrNotTrackable, errors.ErrUnsupported, os.ErrNotExist}

// refused checks an error of reading: it must name the checkpoint and belong to one of errorClasses.
func (q *interrogation) refused(verb string, err error) {
	q.Helper()
	require.ErrorContains(q, err, q.s.prefix, "%s: %s: which file?", q.what, verb)
	classed := slices.ContainsFunc(errorClasses, func(class error) bool { return errors.Is(err, class) })
	require.True(q, classed, "%s: %s: the error matches none of errorClasses: %v", q.what, verb, err)
}

// interrogate runs every verb, and returns how many tensors were read.
func interrogate(t *testing.T, s *specimen, recipe []byte) (read int) {
	t.Helper()
	of, files := forge(s, recipe)
	q := &interrogation{T: t, s: s, of: of, files: files, disk: ckpttest.DiskOf(t, files), what: fmt.Sprintf("%s forged by %x", s.name, recipe), unforged: len(recipe) == 0}
	q.on = ckpttest.On(q.disk)
	for _, b := range files {
		q.size += len(b)
	}
	q.verb("reading", func() { read = q.read() })
	q.verb("restoring", func() { q.restore() })
	q.verb("restoring with Atomic", func() { q.restore(ckpt.Atomic()) })
	q.verb("loading into an empty program", q.load)
	q.verb("restoring by names", q.byName)
	for _, op := range q.disk.Log() { // the names of files come from the path alone
		name := filepath.Clean(op.Name)
		require.True(t, name == "d" || name == bundle.IndexFile(s.open) || strings.HasPrefix(name, "d/"), "%s: %v", q.what, op)
	}
	return read
}

// read reads everything in every way. If one way accepts a tensor, all must accept it, with the same values: those in the files.
func (q *interrogation) read() (read int) {
	r, err := ckpt.Open(q.s.open, q.on)
	if err != nil {
		q.refused("Open", err)
		return 0
	}
	defer r.Close()
	mapped, err := ckpt.Open(q.s.open, ckpttest.On(mappable{q.disk}), ckpt.Mapped())
	require.NoError(q, err, q.what)
	defer mapped.Close()
	problems := make(map[string]error)
	verifyErr := r.Verify(ctx, func(p ckpt.Problem) {
		if !p.Warning {
			problems[p.Key] = p.Err
		}
		require.ErrorContains(q, p.Err, q.s.prefix, q.what)
	})
	if verifyErr != nil {
		q.refused("Verify", verifyErr)
	}
	n := 0
	for e, err := range r.All() {
		if err != nil {
			q.refused("All", err)
			require.True(q, verifyErr != nil || len(problems) > 0, "%s: Verify finds no problem, All fails: %v", q.what, err)
			break
		}
		if n++; n > 200 {
			break // of very many entries some
		}
		v, err := r.Tensor(e.Key)
		var stored bytes.Buffer
		storedErr := r.WriteStored(ctx, e.Key, &stored)
		require.Equal(q, err == nil, storedErr == nil, "%s: %q: Tensor returns %v, WriteStored %v", q.what, e.Key, err, storedErr)
		if err != nil {
			q.refused("Tensor", err)
			q.refused("WriteStored", storedErr)
			known := false
			for key := range problems { // a problem of a part is one of its tensor
				known = known || key != "" && strings.Contains(e.Key, key)
			}
			require.True(q, known || errors.Is(err, ckpt.ErrIncomplete) || verifyErr != nil, "%s: %q: Verify finds no problem, Tensor fails: %v", q.what, e.Key, err)
			continue
		}
		read++
		require.Equal(q, e.Shape, v.Shape(), q.what)
		q.truth(e.Key, v, stored.Bytes())
		q.sameValues("Slice", v)(r.Slice(ctx, e.Key, slices.Repeat(tensor.Slice{tensor.Full}, len(e.Shape))))
		again := ckpttest.Must(tensor.NewAny(e.DType, e.Shape...))
		q.sameValues("ReadInto", v)(again, r.ReadInto(ctx, e.Key, again))
		q.sameValues("Tensor, mapped", v)(mapped.Tensor(e.Key))
		require.NoError(q, mapped.VerifyTensor(ctx, e.Key), q.what)
	}
	require.LessOrEqual(q, len(r.Variables()), len(q.of.entries)+1000*q.of.tableLayout.lies, q.what)
	q.graph(r, problems)
	return read
}

func (q *interrogation) sameValues(how string, want tensor.Any) func(got tensor.Any, err error) {
	return func(got tensor.Any, err error) {
		q.Helper()
		require.NoError(q, err, "%s: %s", q.what, how)
		require.True(q, tensor.Equal(want, got), "%s: %s: %v, want %v", q.what, how, got, want)
	}
}

// truth compares the read values with the entry and the bytes of the data file. It finds these without the
// library.
func (q *interrogation) truth(key string, v tensor.Any, stored []byte) {
	if q.of.tableLayout.edits+q.of.tableLayout.lies > 0 || q.of.v1() {
		return // the test does not know the contents of the table
	}
	header := q.of.header()
	if header.NumShards == 0 {
		return // it may be any bytes
	}
	var found []*pb.BundleEntry
	for _, e := range q.of.entries {
		if e.key == key {
			b, _ := e.value.(*pb.BundleEntry)
			found = append(found, b)
		}
	}
	if len(found) != 1 || found[0] == nil || len(found[0].Slices) > 0 {
		return
	}
	e := found[0]
	require.EqualValues(q, elements(e), v.Shape().Len(), q.what)
	if e.Size == 0 && elements(e) == 0 {
		return // whatever it points to
	}
	data, ok := q.files[bundle.DataFile(q.s.prefix, int(e.ShardId), int(header.NumShards))]
	require.True(q, ok, "%s: %q is read from a missing data file", q.what, key)
	b, ok := bytesOfEntry(e, data)
	require.True(q, ok, "%s: %q is read beyond the end of the file", q.what, key)
	if size := v.DType().Size(); size > 0 {
		require.EqualValues(q, len(b), elements(e)*int64(size), "%s: %q", q.what, key)
		require.Equal(q, sstable.Mask(crc32.Checksum(b, castagnoli)), e.Crc32C, "%s: %q is read although its checksum is wrong", q.what, key)
	}
	if header.Endianness == 0 && v.DType().Size() > 0 {
		require.True(q, bytes.Equal(b, stored), "%s: %q: the bytes differ from the file", q.what, key)
	}
}

// graph calls everything that reads the object graph.
func (q *interrogation) graph(r *ckpt.Reader, problems map[string]error) {
	g, err := r.Graph()
	if err != nil {
		q.refused("Graph", err)
		_, err = r.View()
		require.Error(q, err)
		return
	}
	require.NoError(q, g.Check(), q.what)
	v, err := r.View()
	require.NoError(q, err, q.what)
	require.Len(q, v.Nodes, len(g.Nodes), q.what)
	require.LessOrEqual(q, len(v.Descendants()), len(g.Nodes), q.what)
	root, _ := q.s.program()
	program, err := ckpt.ViewOf(root)
	require.NoError(q, err)
	d := ckpt.Diff(v, program)
	require.LessOrEqual(q, len(d.Matches)+len(d.OnlyStored), len(g.Nodes), q.what)
	require.LessOrEqual(q, len(d.OnlyProgram), len(program.Nodes), q.what)
}

// restore restores into a program like the one that was saved. After an error, only the values that the error lists may have changed.
func (q *interrogation) restore(opts ...ckpt.RestoreOption) {
	root, vars := q.s.program()
	if _, named := root.(ckpt.Vars); named {
		return
	}
	before := make(map[string]tensor.Any)
	for key, v := range vars {
		before[key] = tensor.Clone(v)
	}
	c, err := ckpt.New(root, q.on)
	require.NoError(q, err)
	status, err := c.Read(ctx, q.s.prefix, opts...)
	q.untouched(err, len(opts) > 0, before, vars)
	if err != nil {
		q.refused("Read", err)
		require.NoError(q, c.Close())
		return
	}
	for _, err := range []error{status.AssertExistingObjectsMatched(), status.AssertConsumed(), status.AssertNontrivialMatch()} {
		if err != nil {
			q.refused("Assert", err)
		}
	}
	require.NotEmpty(q, status.Report().String())
	for key, v := range vars {
		if q.unforged {
			require.False(q, tensor.Equal(before[key], v) && v.Len() > 0, "%s: %q is not restored", q.what, key)
		}
	}
	require.NoError(q, c.Close())
}

// untouched fails the test if more variables have changed than the error lists.
func (q *interrogation) untouched(err error, atomic bool, before, vars map[string]tensor.Any) {
	if err == nil {
		return
	}
	changed := 0
	for key, v := range vars {
		if !tensor.Equal(before[key], v) {
			changed++
		}
	}
	failed := (*ckpt.RestoreError)(nil)
	if !errors.As(err, &failed) || atomic {
		require.Zero(q, changed, "%s: variables have changed after %v", q.what, err)
		return
	}
	require.LessOrEqual(q, changed, len(failed.Restored)+len(failed.Torn), "%s: more variables have changed than %v lists", q.what, err)
}

func (q *interrogation) load() {
	for name, opts := range map[string][]ckpt.LoadOption{"LoadWeights": nil, "LoadWeights, Partial": {ckpt.Partial()}, "LoadWeights, Strict": {ckpt.Strict()}, "from an object on": {ckpt.Partial(), ckpt.At("next")}} {
		var g grown
		err := ckpt.LoadWeights(ctx, q.s.open, &g, append(opts, q.on)...)
		if failed := (*ckpt.RestoreError)(nil); err != nil {
			q.refused(name, err)
			if !errors.As(err, &failed) {
				require.Equal(q, grown{}, g, "%s: %s: %v", q.what, name, err)
			}
		}
	}
	var list []*tensor.Tensor[float32]
	if err := ckpt.LoadWeights(ctx, q.s.open, &list, q.on); err != nil {
		q.refused("LoadWeights into a list", err)
	}
}

func (q *interrogation) byName() {
	_, vars := q.s.program()
	named, before := ckpt.Vars{}, make(map[string]tensor.Any)
	for key, v := range vars {
		named[key], before[key] = v, tensor.Clone(v)
	}
	if len(named) == 0 {
		return
	}
	s, err := ckpt.NewSaver(named, q.on)
	if err != nil {
		return // keys that are not names
	}
	if err = s.Restore(ctx, q.s.prefix, q.on); err != nil {
		q.refused("Saver.Restore", err)
		q.untouched(err, false, before, vars)
	}
	if err := ckpt.AssignFromCheckpoint(ctx, q.s.open, named, map[string]any{"/": "/"}, q.on); err != nil {
		q.refused("AssignFromCheckpoint", err)
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// TestForged forges checkpoints in thousands of ways, with right checksums except for those that it forges, and runs every verb
// that reads on them. Each verb must return the values in the files, or an error that names the file. The size of the files must
// justify its memory and time. The program must be unchanged, except for the values that the error lists.
func TestForged(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
	all := specimens()
	require.Greater(t, len(all), 50)
	whole, some, none := 0, 0, 0
	for _, s := range all {
		read := interrogate(t, s, nil)
		require.Equal(t, len(ckpttest.Must(ckpt.Open(s.open, ckpttest.On(ckpttest.DiskOf(t, s.clone().assemble(new(dice)))))).Variables()), read, "%s: without forgeries, everything can be read", s.name)
	}
	forgeries := thorough.Tries(8_000, 300)
	for i := len(all); i < forgeries; i++ { // FuzzForged makes the first ones
		s := all[i%len(all)]
		switch read := interrogate(t, s, rolled(uint64(i))); {
		case read == 0:
			none++
		case read < len(s.entries)-1:
			some++
		default:
			whole++
		}
	}
	t.Logf("%d forgeries of %d checkpoints: %d could be read completely, %d in part, %d not at all", forgeries-len(all), len(all), whole, some, none)
	require.Greater(t, min(whole, some, none), forgeries/50, "too few forgeries of one kind")
}

// FuzzForged looks for forgeries that TestForged does not make.
func FuzzForged(f *testing.F) {
	for i := range specimens() {
		f.Add(uint8(i), rolled(uint64(i)))
	}
	f.Fuzz(func(t *testing.T, which uint8, recipe []byte) {
		all := specimens()
		interrogate(t, all[int(which)%len(all)], recipe[:min(len(recipe), 512)])
	})
}
