package verify

import (
	"strings"
	"sync"

	"github.com/gockpt/ckpt/internal/fsx"
)

// A byteCount counts the bytes that are read. Several goroutines may use it at once.
type byteCount struct {
	mu     sync.Mutex
	report func(done, total int64)
	done   int64
	total  int64
}

func (c *byteCount) add(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The slices of a partitioned tensor are read twice, but progress never exceeds the total.
	if n = min(n, c.total-c.done); n > 0 {
		c.done += n
		c.report(c.done, c.total)
	}
}

// end reports the bytes that could not be read or that did not have to be read.
func (c *byteCount) end() { c.add(c.total) }

// A countedFS counts the bytes that are read from all files except indexes.
type countedFS struct {
	fsx.ReadFS
	count *byteCount
}

func (c countedFS) Open(name string) (fsx.Reader, error) {
	r, err := c.ReadFS.Open(name)
	if err != nil || strings.HasSuffix(name, ".index") {
		return r, err
	}
	return countedReader{r, c.count}, nil
}

// OpenWhole implements fsx.WholeOpener.
func (c countedFS) OpenWhole(name string) (fsx.Reader, error) { return fsx.OpenWhole(c.ReadFS, name) }

type countedReader struct {
	fsx.Reader
	count *byteCount
}

func (c countedReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.count.add(int64(n))
	return n, err
}

// Expect implements fsx.Expecter if the reader does.
func (c countedReader) Expect(ranges []fsx.Range) {
	if e, ok := c.Reader.(fsx.Expecter); ok {
		e.Expect(ranges)
	}
}
