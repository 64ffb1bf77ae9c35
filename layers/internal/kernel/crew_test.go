package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every job ends: jobs of several goroutines, jobs within jobs, and consecutive jobs of one run. It does not
// matter which goroutines help.
func TestCrewOfManyOwners(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var runs atomic.Int64
	var owners sync.WaitGroup
	for range 8 {
		owners.Go(func() {
			for range 100 {
				Parallel(4, minWork, func(_, lo, hi int) {
					for range hi - lo {
						Parallel(3, minWork, func(_, lo, hi int) { runs.Add(int64(hi - lo)) })
					}
				})
			}
		})
	}
	owners.Wait()
	require.EqualValues(t, 8*100*4*3, runs.Load())
}

// The helpers of a crew without work end. A later job starts helpers again.
func TestCrewEnds(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var c crew
	for range 3 {
		both := make(chan bool)
		c.do(&job{n: 2, runs: 2, f: func(run, _, _ int) { // ends only if two goroutines do runs at the same time
			if run == 0 {
				both <- true
			} else {
				<-both
			}
		}})
		for ended := false; !ended; time.Sleep(patience) {
			c.mu.Lock()
			ended = c.helpers == 0
			require.LessOrEqual(t, c.helpers, 1)
			require.Empty(t, c.open)
			c.mu.Unlock()
		}
	}
}
