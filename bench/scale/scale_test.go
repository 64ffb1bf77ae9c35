package scale

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/tensor"
)

// s3 has published numbers of Amazon S3 for clients in the same region. The documentation states 100 to 200
// ms to the first byte of small objects, and 3,500 writes and 5,500 reads per second under a prefix. The
// medians are users' measurements.
var s3 = Service{
	Get: Latency{30 * time.Millisecond, 200 * time.Millisecond}, Put: Latency{60 * time.Millisecond, 400 * time.Millisecond},
	List: Latency{60 * time.Millisecond, 400 * time.Millisecond}, Bandwidth: 90e6, Reads: 5500, Writes: 3500,
}

// A round has the requests and times of a save and a merge with some number of workers.
type round struct {
	workers, entries int
	save             time.Duration // time of the slowest worker
	commit, merge    time.Duration // time of the merge, which begins then, until its commit and until its end
	saving, merging  Count
}

// run saves a checkpoint from workers, and merges it. Each worker has the given number of variables, each
// with rows values.
func run(t testing.TB, s *Cloud, workers, variables, values int) round {
	ctx, r := context.Background(), round{workers: workers, entries: workers * variables}
	start := time.Now()
	var group sync.WaitGroup
	errs := make([]error, workers)
	for number := range workers {
		group.Go(func() {
			m := make(map[string]any, variables)
			for v := range variables {
				m[fmt.Sprintf("w%d_%d", number, v)] = tensor.New[float32](values)
			}
			c, err := ckpt.New(ckpt.Group{"model": m})
			if err == nil {
				err = c.WriteSection(ctx, "run/ckpt-1", number, workers, ckpt.In(s), ckpt.Attempt("one"))
			}
			errs[number] = err
		})
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	r.save, r.saving = time.Since(start), s.Take()
	start = time.Now()
	_, err := ckpt.Merge(ctx, "run/ckpt-1", ckpt.In(s), ckpt.Attempt("one"), ckpt.Unverified())
	require.NoError(t, err)
	r.merge, r.merging = time.Since(start), s.Take()
	r.commit = r.merging.LastWrite.Sub(start)
	return r
}

// The number of a worker's requests does not depend on the number of workers. The number of a merge's
// requests grows linearly with it. Neither reads or writes values twice.
func TestRequestsAreLinear(t *testing.T) {
	const values = 1 << 14
	var rounds []round
	for _, workers := range []int{8, 16, 32, 64} {
		s := NewCloud(store.Memory(), Service{})
		rounds = append(rounds, run(t, s, workers, 2, values))
	}
	each := func(r round) float64 { return float64(r.saving.Requests()) / float64(r.workers) }
	for i, r := range rounds {
		t.Logf("%d workers: %.1f requests for each section, %d for the merge, which reads %d bytes and writes %d", r.workers, each(r), r.merging.Requests(), r.merging.Read, r.merging.Written)
		require.InDelta(t, each(rounds[0]), each(r), 1)
		require.LessOrEqual(t, r.merging.Read+r.merging.Written, int64(r.workers*values*4/8), "values are not copied")
		if i > 0 {
			growth := func(now, before int) { require.LessOrEqual(t, now, 2*before+16) }
			growth(r.merging.Requests(), rounds[i-1].merging.Requests())
			growth(int(r.merging.Read), int(rounds[i-1].merging.Read))
			growth(int(r.merging.Written), int(rounds[i-1].merging.Written))
		}
	}
}

// english prints numbers in the form of the tables, such as 1,024.
var english = message.NewPrinter(language.English)

// TestScale prints the tables of docs/scale.md.
func TestScale(t *testing.T) {
	if os.Getenv("CKPT_SCALE") == "" {
		t.Skip("CKPT_SCALE is not set: this takes minutes")
	}
	t.Run("without latencies", func(t *testing.T) {
		fmt.Println("| workers | entries | a section: requests | the merge: requests | bytes read | bytes written | seconds |")
		fmt.Println("|---:|---:|---:|---:|---:|---:|---:|")
		for _, n := range [][2]int{{1, 1000}, {8, 1000}, {64, 1000}, {512, 1000}, {512, 100}, {512, 2000}} {
			r := run(t, NewCloud(store.Memory(), Service{}), n[0], n[1], 4)
			english.Printf("| %d | %d | %.1f | %d | %d | %d | %.2f |\n", r.workers, r.entries, float64(r.saving.Requests())/float64(r.workers), r.merging.Requests(), r.merging.Read, r.merging.Written, r.merge.Seconds())
		}
	})
	workers := []int{1, 8, 64, 512, 1000, 10_000}
	if n, err := strconv.Atoi(os.Getenv("CKPT_SCALE")); err == nil && n > 1 {
		workers = append(workers, n)
	}
	t.Run("with the latencies of S3", func(t *testing.T) {
		fmt.Println("| workers | sections: seconds | requests | each waits for the limit: seconds | the merge: seconds until the commit | until its end | requests |")
		fmt.Println("|---:|---:|---:|---:|---:|---:|---:|")
		for _, n := range workers {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, NewCloud(store.Memory(), s3), n, 4, 4)
				waited := r.saving.Waited.Seconds() / float64(r.workers)
				english.Printf("| %d | %.1f | %d | %.1f | %.1f | %.1f | %d |\n", r.workers, r.save.Seconds(), r.saving.Requests(), waited, r.commit.Seconds(), r.merge.Seconds(), r.merging.Requests())
			})
		}
	})
}
