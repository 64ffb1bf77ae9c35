package forged

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// flippable is a program with everything that files store in different ways: numbers, strings, opaque state, an empty tensor,
// edges and a counter.
type flippable struct {
	V     tensor.Tensor[float32]
	Words []string               `ckpt:"words"`
	Blob  blob                   `ckpt:"blob"`
	Empty tensor.Tensor[float64] `ckpt:"empty"`
	Flags []bool                 `ckpt:"flags"`
}

type blob struct{ b []byte }

func (b *blob) MarshalBinary() ([]byte, error) { return b.b, nil }

func (b *blob) UnmarshalBinary(data []byte) error { b.b = slices.Clone(data); return nil }

func newFlippable(v float32) *flippable {
	return &flippable{*ckpttest.Vector(v, 2*v), []string{"a", "", "bc"}, blob{[]byte{1, 2}}, *ckpttest.Must(tensor.FromSlice([]float64{}, 0, 3)), []bool{true, v > 0}}
}

// TestEveryBitFlip flips every single bit of a checkpoint's three files, or one bit of each byte every day. Each flip either causes an error, or does not change the
// results of a program or a Reader.
func TestEveryBitFlip(t *testing.T) {
	disk := errfs.New()
	c := ckpttest.New(t, ckpt.Group{"m": newFlippable(3)}, ckpttest.On(disk))
	ckpttest.Must(c.Save(ctx, "ckpt"))
	files := disk.Files()
	require.Len(t, files, 3)
	type seen struct {
		model  *flippable
		step   int64
		listed []ckpt.VariableInfo
		graph  *ckpt.StoredGraph
	}
	// look returns everything that can be read from a disk, and the result of Verify.
	look := func(disk *errfs.FS) (s seen, reported bool, err error) {
		latest, err := ckpt.Latest("", ckpttest.On(disk))
		if err != nil || latest == "" {
			return s, true, ckpt.ErrNotFound
		}
		s.model = newFlippable(0)
		c := ckpttest.New(t, ckpt.Group{"m": s.model}, ckpttest.On(disk))
		status, err := c.Restore(ctx, latest)
		if err != nil {
			return s, true, err
		}
		if err := status.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched); err != nil {
			return s, true, err
		}
		r, err := ckpt.Open(latest, ckpttest.On(disk))
		if err != nil {
			return s, true, err
		}
		defer r.Close()
		if s.graph, err = r.Graph(); err != nil {
			return s, true, err
		}
		s.step, s.listed = c.SaveCounter(), r.Variables()
		err = r.Verify(ctx, func(ckpt.Problem) { reported = true })
		return s, reported, err
	}
	want, reported, err := look(disk)
	require.NoError(t, err)
	require.False(t, reported)
	require.Equal(t, newFlippable(3), want.model)

	total := 0
	for _, name := range ckpttest.SortedKeys(files) {
		flips, found, warned, harmless := 0, 0, 0, 0
		for at := range files[name] {
			for bit := thorough.Pick(0, at%8); bit < 8; bit += thorough.Pick(1, 8) {
				damaged, data := disk.Reboot(errfs.KeepAll), slices.Clone(files[name])
				data[at] ^= 1 << bit
				require.NoError(t, damaged.WriteFile(name, data))
				flips++
				got, reported, err := look(damaged)
				switch {
				case err != nil:
					found++
					continue
				case reported:
					warned++
				default:
					harmless++
					// The index's footer pads its two handles to 40 bytes, and nobody reads the padding. The state file is a text
					// without a checksum: only its fields other than the latest are harmless.
					size := len(files[name])
					padding := name == "ckpt-1.index" && at >= size-48 && at < size-8
					require.True(t, padding || name == "checkpoint", "%s: bit %d of byte %d of %d", name, bit, at, size)
				}
				require.Equal(t, want, got, "%s: bit %d of byte %d", name, bit, at)
				require.Zero(t, damaged.OpenFiles())
			}
		}
		t.Logf("%s: %d bits flipped: %d give errors, Verify reports %d more, %d are not detected and change nothing", name, flips, found, warned, harmless)
		require.Equal(t, thorough.Pick(8, 1)*len(files[name]), found+warned+harmless)
		total += flips
	}
	t.Logf("%d bits in all", total)
}
