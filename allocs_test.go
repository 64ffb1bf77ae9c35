//go:build !race

// The race detector allocates for itself.

package ckpt_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
)

// The number of allocations per object for walking, saving and restoring does not depend on the speed of the machine. The limits
// are today's numbers plus a fifth, so the test notices a change that makes every object more expensive.
func TestAllocationsPerObject(t *testing.T) {
	const few, many = 1_000, 4_000
	for _, c := range []struct {
		name  string
		most  float64 // allocations per object
		setUp func(t *testing.T, n int) func() error
	}{
		{"walk", 1.3, func(t *testing.T, n int) func() error {
			c, err := ckpt.New(benchModel(n, int64(n)*4))
			require.NoError(t, err)
			return func() error { _, err := c.Walk(); return err }
		}},
		{"save", 4.2, func(t *testing.T, n int) func() error {
			c, err := ckpt.New(benchModel(n, int64(n)*4))
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "ckpt")
			return func() error { _, err := c.Write(ctx, path); return err }
		}},
		{"restore", 10, func(t *testing.T, n int) func() error {
			c, err := ckpt.New(benchModel(n, int64(n)*4))
			require.NoError(t, err)
			path, err := c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))
			require.NoError(t, err)
			return func() error { _, err := c.Read(ctx, path); return err }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			per := func(n int) float64 {
				run := c.setUp(t, n)
				return testing.AllocsPerRun(3, func() { require.NoError(t, run()) }) / float64(n)
			}
			small, large := per(few), per(many)
			t.Logf("%.2f allocations per object of %d, %.2f of %d", small, few, large, many)
			require.Less(t, large, c.most)
			require.Less(t, large, 1.1*small+0.5, "allocations grow faster than the number of objects")
		})
	}
}
