package kernel

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A crew is a set of goroutines that help with jobs. A helper without work polls for more, because a model's layers follow each other
// within microseconds, and waking a processor takes longer than many layers. After a while it ends, so that an idle crew has no
// goroutines. The owner of a job does every run that no helper has begun. It never waits for a helper to start.
type crew struct {
	mu      sync.Mutex
	open    []*job       // jobs with runs that nobody has begun
	posted  atomic.Int32 // len(open), for reads without the lock
	helpers int          // number of goroutines
	busy    int          // helpers that are in a run
}

// A job is a call of [Parallel].
type job struct {
	f       func(run, lo, hi int)
	n, runs int
	begun   int // number of runs; guarded by the crew's lock
	ended   atomic.Int32
	done    sync.WaitGroup
}

// helpers is the crew of the process. All models share it, because they share the processors.
var helpers crew

const (
	// patience is how long a helper polls for work, and how long the owner of a job polls for the end of the last run before it sleeps.
	patience = 100 * time.Microsecond

	// await polls glances times before it reads the clock, and reads the clock spell times before it yields to other goroutines.
	glances, spell = 64, 64
)

// do returns when all runs of j have ended.
func (c *crew) do(j *job) {
	j.done.Add(j.runs)
	most := runtime.GOMAXPROCS(0) - 1
	c.mu.Lock()
	c.open = append(c.open, j)
	c.posted.Store(int32(len(c.open)))
	for free := c.helpers - c.busy; free < j.runs-1 && c.helpers < most; free++ {
		c.helpers++
		go c.help()
	}
	for run := c.begin(j); run < j.runs; run = c.begin(j) {
		c.mu.Unlock()
		j.do(run)
		c.mu.Lock()
	}
	c.mu.Unlock()
	await(func() bool { return j.ended.Load() == int32(j.runs) })
	j.done.Wait()
}

// help does runs until it finds none for the duration of patience.
func (c *crew) help() {
	for {
		found := await(func() bool { return c.posted.Load() > 0 })
		c.mu.Lock()
		if !found && len(c.open) == 0 {
			c.helpers--
			c.mu.Unlock()
			return
		}
		for len(c.open) > 0 {
			j := c.open[0]
			run := c.begin(j)
			c.busy++
			c.mu.Unlock()
			j.do(run)
			c.mu.Lock()
			c.busy--
		}
		c.mu.Unlock()
	}
}

// begin returns the next run of j, or j.runs if all runs have begun. The caller must hold the lock.
func (c *crew) begin(j *job) int {
	run := j.begun
	if run == j.runs {
		return run
	}
	if j.begun++; j.begun == j.runs {
		c.open = slices.DeleteFunc(c.open, func(o *job) bool { return o == j })
		c.posted.Store(int32(len(c.open)))
	}
	return run
}

func (j *job) do(run int) {
	j.f(run, run*j.n/j.runs, (run+1)*j.n/j.runs)
	j.done.Done()
	j.ended.Add(1) // last, so that do does not sleep in Wait after it sees the end
}

// await polls done. It returns false if done stays false for the duration of patience.
func await(done func() bool) bool {
	begun := time.Now()
	for turn := 1; ; turn++ {
		for range glances {
			if done() {
				return true
			}
		}
		if time.Since(begun) > patience {
			return false
		}
		if turn%spell == 0 {
			runtime.Gosched()
		}
	}
}
