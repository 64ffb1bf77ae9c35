package cli

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/internal/zipfile"
)

// The kinds of checksums of a checkpoint's values.
const (
	sumsOfTensors  = "tensors" // TensorFlow's: one per tensor
	sumsOfArchives = "archive" // ZIP's: one per member
	noSums         = "none"
)

// anomalies counts unusual values that verify reads.
type anomalies struct {
	NaN      int64 `json:"nan"`
	Infinite int64 `json:"infinite"`
}

// verifyPlain reads a checkpoint in another maker's format once, counts its NaNs and infinities, and returns the kind of its checksums.
func verifyPlain(ctx context.Context, r *opened, report func(ckpt.Problem)) (found anomalies, sums string, err error) {
	var done, total int64
	for e, err := range r.All() {
		if err == nil {
			total += e.Bytes
		}
	}
	tell := r.bar.report()
	for e, err := range r.All() {
		if err == nil {
			err = found.count(ctx, r.Reader, e)
		}
		if ctx.Err() != nil {
			return found, "", context.Cause(ctx)
		}
		if err != nil { // tensors that this package cannot read may be intact
			report(ckpt.Problem{Key: e.Key, Warning: errors.Is(err, errors.ErrUnsupported), Err: err})
		}
		if done += e.Bytes; tell != nil {
			tell(done, total)
		}
	}
	if err := r.VerifyGraph(ctx, report); err != nil {
		return found, "", err
	}
	sums, err = verifyArchives(ctx, r)
	if err != nil {
		if ctx.Err() != nil {
			return found, "", err
		}
		report(ckpt.Problem{Err: err})
	}
	return found, sums, nil
}

// count reads a tensor and counts its anomalies.
func (v *anomalies) count(ctx context.Context, r *ckpt.Reader, e ckpt.VariableInfo) error {
	s, ok := stats.NewStream(ctx, e.DType, e.Shape.Len())
	if !ok {
		return r.WriteStored(ctx, e.Key, io.Discard)
	}
	if err := r.WriteStored(ctx, e.Key, s); err != nil {
		return err
	}
	sum, err := s.Summary()
	if err == nil {
		v.NaN, v.Infinite = v.NaN+sum.NaNs, v.Infinite+sum.Infs
	}
	return err
}

// verifyArchives compares the checksums of the ZIP archives among a checkpoint's files. It returns sumsOfArchives if they cover all values.
// The checksums of .npz files are compared when their arrays are read.
func verifyArchives(ctx context.Context, r *opened) (string, error) {
	files, err := input.Files(r.files, r.Reader)
	if err != nil {
		return "", err
	}
	all := true
	for _, name := range files {
		is, summed, err := verifyArchive(ctx, r.files, name, r.Format() == "npz")
		if err != nil {
			return "", err
		}
		all = all && (summed || !is && len(files) > 1 && name == r.Prefix()) // an index does not hold values
	}
	if all && len(files) > 0 {
		return sumsOfArchives, nil
	}
	return noSums, nil
}

// verifyArchive compares the checksums of a ZIP archive unless they have been compared. summed reports whether all members have a
// checksum.
func verifyArchive(ctx context.Context, fsys fsx.ReadFS, name string, compared bool) (is, summed bool, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return false, false, err
	}
	b := raw.File(name, f)
	defer func() { err = errors.Join(err, b.Close()) }()
	head := make([]byte, 4)
	if n, _ := b.ReadAt(head, 0); n < len(head) || !slices.Equal(head, []byte("PK\x03\x04")) {
		return false, false, nil
	}
	if compared {
		return true, true, nil
	}
	a, err := zipfile.Open(b)
	if err != nil {
		return true, false, err
	}
	summed, err = a.Verify(ctx)
	return true, summed, err
}

// checksums describes which checksums were compared.
func checksums(sums string) string {
	switch sums {
	case sumsOfTensors:
		return "all checksums right"
	case sumsOfArchives:
		return "structure checked, all checksums of the archive right"
	}
	return "structure checked, there are no checksums"
}
