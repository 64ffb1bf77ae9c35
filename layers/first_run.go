package layers

import (
	"sync"
	"sync/atomic"

	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// A firstRun serializes the runs of a model until one succeeds. Then every layer has its weights, and later runs only read them.
type firstRun struct {
	making *sync.Mutex // shared by models with the same layers
	done   atomic.Bool
}

// newIdle returns a pool of scratch memory for the runs of a model.
func newIdle() *sync.Pool { return &sync.Pool{New: func() any { return new(kernel.Scratch) }} }

func newFirstRun() *firstRun { return &firstRun{making: new(sync.Mutex)} }

// of returns the firstRun for another model with the same layers.
func (f *firstRun) of() *firstRun { return &firstRun{making: f.making} }

func (f *firstRun) do(run func() error) error {
	if f.done.Load() {
		return run()
	}
	f.making.Lock()
	defer f.making.Unlock()
	err := run()
	if err == nil {
		f.done.Store(true)
	}
	return err
}
