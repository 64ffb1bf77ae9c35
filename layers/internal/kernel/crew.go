package kernel

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A crew is goroutines that help with jobs. A helper without work looks for more for a while, since a model's layers follow each other
// within microseconds, and waking a processor takes longer than many of them; then it ends, so that an idle crew leaves nothing behind.
// The goroutine that has a job does all runs that no helper has begun: it never waits for one to come.
type crew struct {
	mu      sync.Mutex
	open    []*job       // those with runs that nobody has begun
	posted  atomic.Int32 // len(open), for those who look without the lock
	helpers int          // goroutines
	busy    int          // helpers that are at a run
}

// A job is a call of [Parallel].
type job struct {
	f       func(run, lo, hi int)
	n, runs int
	begun   int // runs; the crew's lock guards it
	ended   atomic.Int32
	done    sync.WaitGroup
}

// helpers is the crew of the process: it has as many processors, whatever the number of models.
var helpers crew

const (
	// patience is how long a helper looks for work, and the owner of a job for the end of the last run before it sleeps.
	patience = 100 * time.Microsecond

	// glances is how often one looks before one reads the clock, and spell how often one does that before other goroutines get a turn.
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

// help does runs until there are none for a while.
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

// begin returns the next run of j, or how many there are where all have begun. The caller holds the lock.
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
	j.ended.Add(1) // last: who sees it does not sleep
}

// await looks whether something is done, and returns false where it is not for as long as one has patience.
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
