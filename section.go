package ckpt

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
	"regexp"

	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/tensor"
)

// Several workers save one checkpoint without a coordinator: each writes the data file that is its own and a manifest of
// it, and whoever finds all manifests merges them. Every file is written once, under a name that only its bytes can
// have, and what decides (manifests, the decision for an attempt, the index) is made only if it is not there. A worker that
// died runs again; one that comes back late finds the decision made and changes nothing.
//
//	PREFIX.sections/a-ATTEMPT/NONCE.data-0000i-of-0000M   the data of section i, M = N+1 data files
//	PREFIX.sections/a-ATTEMPT/NONCE.index, NONCE.graph    its entries and its part of the object graph
//	PREFIX.sections/a-ATTEMPT/section-0000i-of-0000N      its manifest: the section is complete
//	PREFIX.sections/decision                              the attempt that is merged
//	PREFIX.data-0000i-of-0000M                            links to the data; the last holds the object graph
//	PREFIX.index                                          the checkpoint is committed

var (
	// ErrStale is in the error of a worker or a merge that comes too late: the checkpoint is committed, or its section has
	// been written with other bytes, or another attempt was decided for.
	ErrStale = errors.New("stale section")
	// ErrSection is in the error of a merge that misses a section or finds it damaged. It has changed nothing.
	ErrSection = errors.New("incomplete sections")
)

// Attempt names the generation of workers that writes or merges sections: all of one generation give the same name, and
// workers that are started again after a crash of them all another one, so that sections of different states are never
// mixed. Without it the workers agree on one among themselves, which a restarted generation must not do.
func Attempt(name string) Option {
	return Option{"Attempt", onSection | onMerge, func(o *options) { o.attempt = name }}
}

// Own says which variables, by their paths (model.dense.kernel), a worker writes into its section. Without it, all that it has.
func Own(f func(path string) bool) Option {
	return Option{"Own", onSection, func(o *options) { o.own = f }}
}

// Unverified makes [Merge] compare the sizes of data files only, and not read them to verify their checksums.
func Unverified() Option {
	return Option{"Unverified", onMerge, func(o *options) { o.unverified = true }}
}

// Parts says which region of a variable the program holds: f is given a variable's path and the shape that it has in
// memory, and returns the whole variable's shape and the region, or nil for a variable that is whole. Saving sections
// writes the region; where memory holds the whole variable, that region of it. Restoring reads the region and no more
// of the files than it needs.
func Parts(f func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)) Option {
	return Option{"Parts", onNew | onSection | onRestore | onLoad | onSaver | onAssign, func(o *options) { o.parts = f }}
}

var attemptName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// A manifest says that a section is complete, and what is in its files.
type manifest struct {
	Format  int    `json:"format"`
	Attempt string `json:"attempt"`
	Worker  int    `json:"worker"`
	Of      int    `json:"of"`
	Nonce   string `json:"nonce"` // of the process that wrote the files, and their name
	Data    int64  `json:"data_bytes"`
	Index   summed `json:"index"`
	Graph   summed `json:"graph"`
	// Checksum is that of the manifest itself, without this field.
	Checksum uint32 `json:"crc32c"`
}

type summed struct {
	Bytes    int64  `json:"bytes"`
	Checksum uint32 `json:"crc32c"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b []byte) summed { return summed{int64(len(b)), crc32.Checksum(b, castagnoli)} }

func (m manifest) encode() []byte {
	m.Checksum = 0
	bare, _ := json.Marshal(m) // numbers and strings: it cannot fail
	m.Checksum = crc32.Checksum(bare, castagnoli)
	whole, _ := json.Marshal(m)
	return append(whole, '\n')
}

func decodeManifest(b []byte) (m manifest, err error) {
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("it cannot be parsed: %w", err)
	}
	if !bytes.Equal(m.encode(), b) {
		return m, errors.New("its checksum does not match")
	}
	if m.Format != 1 {
		return m, fmt.Errorf("it is of format %d, this release knows 1", m.Format)
	}
	return m, nil
}

// sections are the files of one attempt at one checkpoint.
type sections struct {
	fsys    fsx.FS
	prefix  string
	attempt string
	agreed  bool // the workers agreed on the attempt, nobody named it
	of      int
}

func sectionsDir(prefix string) string { return prefix + ".sections" }

func (s sections) dir() string { return filepath.Join(sectionsDir(s.prefix), "a-"+s.attempt) }

func (s sections) manifestFile(i int) string {
	return filepath.Join(s.dir(), fmt.Sprintf("section-%05d-of-%05d", i, s.of))
}

func (s sections) file(nonce string) string { return filepath.Join(s.dir(), nonce) }

// shards is how many data files the checkpoint has: one per section, and one for the object graph.
func (s sections) shards() int { return s.of + 1 }

// committed reports whether the checkpoint has its index.
func (s sections) committed() bool { return exists(s.fsys, bundle.IndexFile(s.prefix)) }

// WriteSection writes this worker's variables as section worker of the checkpoint that of workers make together under
// prefix; [Merge] makes it whole. A worker that died is run again: when its section is complete with the same bytes,
// there is nothing left to do. The error satisfies errors.Is(err, [ErrStale]) where the checkpoint is committed, or the
// section was written with other bytes.
func (c *Checkpoint) WriteSection(ctx context.Context, prefix string, worker, of int, opts ...Option) error {
	o, err := c.opts.with(onSection, opts)
	if err != nil {
		return err
	}
	if worker < 0 || worker >= of {
		return fmt.Errorf("ckpt: WriteSection: worker %d of %d", worker, of)
	}
	if exists(o.writer, bundle.IndexFile(prefix)) {
		return fmt.Errorf("ckpt: section %d of %s: the checkpoint is committed already: %w", worker, prefix, ErrStale)
	}
	err = c.writeSection(ctx, prefix, worker, of, o)
	s := sections{fsys: o.writer, prefix: prefix, of: of}
	if !s.committed() {
		return err
	}
	if _, undecided := s.decision(); errors.Is(undecided, fs.ErrNotExist) {
		s.cleanUp() // the merge has cleaned up; what has been made since then serves nobody
	}
	if err != nil && !errors.Is(err, ErrStale) {
		err = fmt.Errorf("%w: the checkpoint has been committed meanwhile: %w", err, ErrStale)
	}
	return err
}

func (c *Checkpoint) writeSection(ctx context.Context, prefix string, worker, of int, o options) error {
	s, err := openSections(o, prefix, of, true)
	if err != nil {
		return err
	}
	g, err := c.walk()
	if err != nil {
		return err
	}
	stored, tensors, err := stored.Of(ctx, g)
	if err != nil {
		return err
	}
	if err := fsx.MkdirAll(s.fsys, s.dir()); err != nil {
		return fmt.Errorf("ckpt: section %d of %s: %w", worker, prefix, err)
	}
	m, err := s.writeFiles(ctx, worker, stored.Marshal(), tensors, o)
	if err != nil {
		return fmt.Errorf("ckpt: section %d of %s: %w", worker, prefix, err)
	}
	return s.complete(m)
}

// openSections finds out which attempt is meant. make lets workers that name none agree on one.
func openSections(o options, prefix string, of int, make bool) (sections, error) {
	s := sections{fsys: o.writer, prefix: prefix, attempt: o.attempt, agreed: o.attempt == "", of: of}
	if s.attempt == "" {
		agreed := filepath.Join(sectionsDir(prefix), "attempt")
		if make {
			if err := fsx.MkdirAll(s.fsys, sectionsDir(prefix)); err != nil {
				return s, fmt.Errorf("ckpt: %w", err)
			}
			if err := fsx.WriteOnce(s.fsys, agreed, []byte(newNonce())); err != nil && !errors.Is(err, fs.ErrExist) {
				return s, fmt.Errorf("ckpt: agree on an attempt: %w", err)
			}
		}
		name, err := fsx.ReadFile(s.fsys, agreed, 128)
		if err != nil {
			return s, fmt.Errorf("ckpt: merge %s: the workers agreed on no attempt; name theirs with Attempt: %w", prefix, err)
		}
		s.attempt = string(name)
	}
	if !attemptName.MatchString(s.attempt) {
		return s, fmt.Errorf("ckpt: %q is no name for an attempt: letters, digits, '.', '_' and '-', at most 128", s.attempt)
	}
	return s, nil
}

func newNonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// writeFiles writes the data, index and graph of a section under a name that no other process uses.
func (s sections) writeFiles(ctx context.Context, worker int, graph []byte, tensors []stored.Tensor, o options) (m manifest, err error) {
	m = manifest{Format: 1, Attempt: s.attempt, Worker: worker, Of: s.of, Nonce: newNonce(), Graph: sum(graph)}
	defer func() {
		if err != nil {
			s.removeFiles(m)
		}
	}()
	w := bundle.Create(s.fsys, s.file(m.Nonce), bundle.Options{Shards: s.shards(), Progress: progressOf(o.progress)})
	for _, t := range tensors {
		if o.own != nil && !o.own(t.Path()) {
			continue
		}
		if err := addPart(w, worker, t, o); err != nil {
			return m, err
		}
	}
	data := bundle.DataFile(s.file(m.Nonce), worker, s.shards())
	if m.Data, err = createFile(s.fsys, data, func(f fsx.File) error { return w.WriteData(ctx, worker, f) }); err != nil {
		return m, err
	}
	var index bytes.Buffer
	if err := w.WriteIndex(&index); err != nil {
		return m, err
	}
	m.Index = sum(index.Bytes())
	for name, b := range map[string][]byte{bundle.IndexFile(s.file(m.Nonce)): index.Bytes(), s.file(m.Nonce) + ".graph": graph} {
		if _, err := createFile(s.fsys, name, func(f fsx.File) error { _, err := f.Write(b); return err }); err != nil {
			return m, err
		}
	}
	return m, s.fsys.SyncDir(s.dir())
}

// addPart adds a variable, or the region of it that the options say.
func addPart(w *bundle.Writer, worker int, t stored.Tensor, o options) error {
	if o.parts == nil {
		return w.Add(worker, t.Key, t.Source)
	}
	full, region := o.parts(t.Path(), t.Source.Shape)
	if region == nil {
		return w.Add(worker, t.Key, t.Source)
	}
	_, shape, err := region.Resolve(full)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Path(), err)
	}
	src := t.Source
	if !src.Shape.Equal(shape) {
		if !src.Shape.Equal(full) {
			return fmt.Errorf("%s: memory has shape %v, neither the region's %v nor the whole's %v", t.Path(), src.Shape, shape, full)
		}
		src = stored.Region(src, region)
	}
	return w.AddSlice(worker, t.Key, full, region, src)
}

// createFile makes a new file, durable when it returns but for its name, and returns its size.
func createFile(fsys fsx.FS, name string, write func(fsx.File) error) (size int64, err error) {
	f, err := fsys.Create(name)
	if err != nil {
		return 0, err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	info, err := fsys.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// removeFiles removes a section's files; at worst they stay, under a name that nobody asks for.
func (s sections) removeFiles(m manifest) {
	_ = s.fsys.Remove(bundle.DataFile(s.file(m.Nonce), m.Worker, s.shards()))
	_ = s.fsys.Remove(bundle.IndexFile(s.file(m.Nonce)))
	_ = s.fsys.Remove(s.file(m.Nonce) + ".graph")
}

// complete makes the section's manifest unless there is one. One with the same contents is as good.
func (s sections) complete(m manifest) error {
	err := fsx.WriteOnce(s.fsys, s.manifestFile(m.Worker), m.encode())
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("ckpt: section %d of %s: %w", m.Worker, s.prefix, err) // it may be there all the same: the files stay
	}
	there, err := s.readManifest(m.Worker)
	if err != nil {
		return err
	}
	if there.Nonce == m.Nonce {
		return nil // an answer was lost, not the file
	}
	s.removeFiles(m)
	if there.Index == m.Index && there.Graph == m.Graph && there.Data == m.Data {
		return nil
	}
	return fmt.Errorf("ckpt: section %d of %s: another process has written it in this attempt, with other values: %w", m.Worker, s.prefix, ErrStale)
}

// manifestLimit bounds what is read of a manifest.
const manifestLimit = 64 << 10

func (s sections) readManifest(i int) (manifest, error) {
	name := s.manifestFile(i)
	b, err := fsx.ReadFile(s.fsys, name, manifestLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return manifest{}, fmt.Errorf("ckpt: %s: section %d of %d is missing from attempt %s: %w", s.prefix, i, s.of, s.attempt, ErrSection)
	}
	var m manifest
	if err == nil {
		m, err = decodeManifest(b)
	}
	if err == nil && (m.Attempt != s.attempt || m.Of != s.of || m.Worker != i || !attemptName.MatchString(m.Nonce)) {
		err = fmt.Errorf("it is that of section %d of %d of attempt %q", m.Worker, m.Of, m.Attempt)
	}
	if err != nil {
		return m, fmt.Errorf("ckpt: %s: the manifest of section %d is no good: %w: %w", name, i, err, ErrSection)
	}
	return m, nil
}
