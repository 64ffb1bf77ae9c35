package sstable

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Check reads every data block, several at once, and verifies them as the package comment says. It returns the number of
// entries, or an error about the first damaged block.
func (t *Reader) Check() (entries int, err error) {
	c := check{t: t}
	if len(t.blocks) == 1 {
		c.blocks()
	} else {
		for range min(runtime.GOMAXPROCS(0), len(t.blocks)) {
			c.workers.Go(c.blocks)
		}
		c.workers.Wait()
	}
	if c.fault != nil {
		return 0, c.fault
	}
	return int(c.entries.Load()), nil
}

// A check is the state that the workers of Reader.Check share.
type check struct {
	t        *Reader
	workers  sync.WaitGroup
	taken    atomic.Int64 // blocks
	entries  atomic.Int64
	keyBytes atomic.Int64
	failed   atomic.Bool

	mu      sync.Mutex
	fault   error
	faultAt int // the block with the fault
}

// blocks is one worker. Blocks are taken in order, so that those before one that fails are checked too.
func (c *check) blocks() {
	for i := int(c.taken.Add(1)) - 1; i < len(c.t.blocks) && !c.failed.Load(); i = int(c.taken.Add(1)) - 1 {
		left, n := c.t.keyBudget()-c.keyBytes.Load(), int64(0)
		before := left
		if err := c.t.walkBlock(i, &left, func(_, _ []byte) error { n++; return nil }); err != nil {
			c.fail(i, err)
		}
		c.entries.Add(n)
		c.keyBytes.Add(before - left)
	}
}

// fail keeps the error of the first damaged block.
func (c *check) fail(block int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault == nil || block < c.faultAt {
		c.fault, c.faultAt = err, block
	}
	c.failed.Store(true)
}

// walkBlock calls fn for each entry of data block i. It verifies the block itself, and compares it with the
// index block's entries for it and for the block before. The lengths of its keys are taken from budget.
func (t *Reader) walkBlock(i int, budget *int64, fn func(key, value []byte) error) error {
	b, err := t.block(i)
	if err != nil {
		return err
	}
	at, first, stopped, last := &t.blocks[i], true, false, []byte(nil)
	err = b.walk(part(i), at.handle, func(key, value []byte) error {
		if first && i > 0 && bytes.Compare(key, t.blocks[i-1].bound) <= 0 {
			return fmt.Errorf("key %s is not above the index block's key for the block before, %s",
				quote(key), quote(t.blocks[i-1].bound))
		}
		first, last = false, key
		if *budget -= int64(len(key)); *budget < 0 {
			return fmt.Errorf("the keys up to here are together longer than %d bytes", t.keyBudget())
		}
		err := fn(key, value)
		stopped = err == errStop
		return err
	})
	if err == nil && !stopped && bytes.Compare(last, at.bound) > 0 {
		err = t.blockError(i, fmt.Errorf("its last key %s is above the index block's key for it, %s", quote(last), quote(at.bound)))
	}
	return err
}
