// Package scale runs the protocol of sections with many workers on a store, and counts and times its
// requests. If CKPT_SCALE is set, its tests print the tables of docs/scale.md. Otherwise they check how
// requests and bytes grow.
package scale

import (
	"context"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gockpt/ckpt/store"
)

// A Service describes the performance of an object store: the duration of a request, and the number of
// requests per second.
type Service struct {
	Get, Put, List Latency
	Bandwidth      float64 // bytes per second of one request's body
	Reads, Writes  float64 // requests per second under one prefix; 0: any number
}

// A Latency is a log-normal distribution of the time to the first byte of an answer.
type Latency struct{ Median, P99 time.Duration }

// draw returns a random latency from the distribution.
func (l Latency) draw() time.Duration {
	const z99 = 2.326 // of the normal distribution
	if l.Median <= 0 {
		return 0
	}
	sigma := math.Log(float64(l.P99)/float64(l.Median)) / z99
	return time.Duration(float64(l.Median) * math.Exp(sigma*rand.NormFloat64()))
}

// A Cloud is a store with the latencies and the limits of a service. It waits with time.Sleep, which takes no
// real time within testing/synctest.
type Cloud struct {
	store.Store
	service Service

	mu            sync.Mutex
	reads, writes queue
	count         Count
}

// A Count counts the requests to a store.
type Count struct {
	Reads, Writes, Lists, Deletes int
	Read, Written                 int64         // bytes
	Waited                        time.Duration // total waiting time because of the limits
	LastWrite                     time.Time     // when the last write ended
}

// Requests returns the number of all requests.
func (c Count) Requests() int { return c.Reads + c.Writes + c.Lists + c.Deletes }

// NewCloud returns s with the latencies and limits of service.
func NewCloud(s store.Store, service Service) *Cloud {
	c := &Cloud{Store: s, service: service}
	c.reads.rate, c.writes.rate = service.Reads, service.Writes
	return c
}

// Take returns the requests since the last call.
func (c *Cloud) Take() Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.count
	c.count = Count{}
	return taken
}

// A queue admits requests at a rate. Further requests wait, like a client that is told to slow down.
type queue struct {
	rate float64
	next time.Time
}

func (q *queue) wait() time.Duration {
	if q.rate == 0 {
		return 0
	}
	now := time.Now()
	if q.next.Before(now) {
		q.next = now
	}
	wait := q.next.Sub(now)
	q.next = q.next.Add(time.Duration(float64(time.Second) / q.rate))
	return wait
}

// take counts a request and sleeps for its duration.
func (c *Cloud) take(q *queue, l Latency, bytes int64, count func(*Count)) {
	c.mu.Lock()
	wait := q.wait()
	count(&c.count)
	c.count.Waited += wait
	c.mu.Unlock()
	wait += l.draw()
	if c.service.Bandwidth > 0 {
		wait += time.Duration(float64(bytes) / c.service.Bandwidth * float64(time.Second))
	}
	time.Sleep(wait)
}

// Read implements [store.Store].
func (c *Cloud) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	o, err := c.Store.Read(ctx, name, version, p, off)
	n := min(int64(len(p)), max(0, o.Size-off))
	c.take(&c.reads, c.service.Get, n, func(t *Count) { t.Reads++; t.Read += n })
	return o, err
}

// Put implements [store.Store].
func (c *Cloud) Put(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	o, err := c.Store.Put(ctx, name, body, size)
	c.wrote(o.Size)
	return o, err
}

// PutIfAbsent implements [store.Store].
func (c *Cloud) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	o, err := c.Store.PutIfAbsent(ctx, name, body, size)
	c.wrote(o.Size)
	return o, err
}

// Replace implements [store.Store].
func (c *Cloud) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (store.Object, error) {
	o, err := c.Store.Replace(ctx, name, version, body, size)
	c.wrote(o.Size)
	return o, err
}

func (c *Cloud) wrote(n int64) {
	c.take(&c.writes, c.service.Put, n, func(t *Count) { t.Writes++; t.Written += n })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count.LastWrite = time.Now()
}

// List implements [store.Store]. A request returns a thousand objects.
func (c *Cloud) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		n := 0
		for o, err := range c.Store.List(ctx, prefix) {
			if n%1000 == 0 {
				c.take(&c.reads, c.service.List, 0, func(t *Count) { t.Lists++ })
			}
			n++
			if !yield(o, err) {
				return
			}
		}
		if n == 0 {
			c.take(&c.reads, c.service.List, 0, func(t *Count) { t.Lists++ })
		}
	}
}

// Delete implements [store.Store].
func (c *Cloud) Delete(ctx context.Context, name string) error {
	c.take(&c.writes, c.service.Put, 0, func(t *Count) { t.Deletes++ })
	return c.Store.Delete(ctx, name)
}
