package servertest

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/thorough"
)

// A process is one of the programs that Killed kills.
type process struct {
	cmd    *exec.Cmd
	errors strings.Builder
	done   chan struct{} // closed when it has ended
	err    error         // valid once done is closed
	ended  bool
}

func start(t *testing.T, role, address string) *process {
	p := &process{cmd: exec.Command(os.Args[0]), done: make(chan struct{})}
	p.cmd.Env = append(slices.Clone(os.Environ()), "CKPT_ROLE="+role, "CKPT_ROLE_STORE="+address, "GOMAXPROCS=1")
	p.cmd.Stderr = &p.errors
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.kill(t) })
	return p
}

// wait waits for the end of the process.
func (p *process) wait() error {
	<-p.done
	p.ended = true
	if p.err != nil {
		return fmt.Errorf("%w: %s", p.err, p.errors.String())
	}
	return nil
}

// kill kills the process. The process must still be running: it ends by itself only if it finds an error.
func (p *process) kill(t *testing.T) {
	if p.ended {
		return
	}
	p.ended = true
	select {
	case <-p.done:
		t.Fatalf("a process ended: %s", p.errors.String())
	default:
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Processes prints the table of processes in docs/scale.md: the time that n processes, four at a time, take to write their sections, and the time
// of the merge. It skips large n unless CKPT_THOROUGH is set.
func Processes(t *testing.T, address string, open Opener) {
	counts := []int{1, 8}
	if thorough.Asked() {
		counts = append(counts, 64, 512)
	}
	fmt.Fprintf(t.Output(), "| processes | sections: seconds | the merge: seconds |\n|---:|---:|---:|\n")
	for _, n := range counts {
		sections, merge := timeProcesses(t, Fresh(address), open, n)
		fmt.Fprintf(t.Output(), "| %d | %.2f | %.2f |\n", n, sections.Seconds(), merge.Seconds())
	}
}

// timeProcesses returns how long the sections and the merge of n processes took. The store must be empty below the address.
func timeProcesses(t *testing.T, address string, open Opener, n int) (sections, merge time.Duration) {
	s, err := open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	var group errgroup.Group
	group.SetLimit(4)
	for number := range n {
		group.Go(func() error { return start(t, fmt.Sprintf("%d of %d", number, n), address).wait() })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	sections = time.Since(begin)
	if _, err := ckpt.Merge(t.Context(), prefixOf(1), ckpt.In(s), ckpt.Attempt("only"), ckpt.Unverified()); err != nil {
		t.Fatal(err)
	}
	return sections, time.Since(begin) - sections
}
