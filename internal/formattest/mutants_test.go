package formattest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMutants(t *testing.T) {
	data := append(bytes.Repeat([]byte("count me"), 3), make([]byte, 80)...)
	before := bytes.Clone(data)
	count := func(every int) (n int) {
		for mutant := range Mutants(data, 8, every) {
			n++
			require.Len(t, mutant, len(data))
			first, last := -1, -1
			for i := range data {
				if mutant[i] != data[i] {
					if first < 0 {
						first = i
					}
					last = i
				}
			}
			require.LessOrEqual(t, last/8, max(first, 0)/8, "one number changes")
		}
		return n
	}
	all := count(1)
	require.Equal(t, 4*39, all, "three numbers, and zeros beside them")
	require.Equal(t, all/7, count(7))
	require.Equal(t, before, data)
	for range Mutants(data, 8, 1) {
		break
	}
}

var kept []byte

func TestAllocated(t *testing.T) {
	n := Allocated(func() { kept = make([]byte, 10<<20) })
	require.InDelta(t, 10<<20, n, 1<<20)
}

func TestRequireAllocates(t *testing.T) {
	runs := 0
	RequireAllocates(t, 1<<20, func() { runs++ })
	require.Equal(t, 1, runs)

	allocate := func(n int) func() {
		return func() { runs++; kept = make([]byte, n) }
	}
	failed := &recorder{TB: t}
	func() {
		defer func() { recover() }() // FailNow
		RequireAllocates(failed, 10<<20, allocate(10<<20))
	}()
	require.True(t, failed.failed)
	require.Equal(t, 3, runs, "measured a second time")
}

// A recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) FailNow()              { panic("failed") }
