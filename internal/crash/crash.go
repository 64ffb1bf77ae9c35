// Package crash runs programs for tests and kills them at random moments without warning, like the
// out-of-memory killer.
package crash

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"
)

// Ready is the line that a program prints when it may be killed.
const Ready = "ready"

// A Killer kills programs. Several goroutines may use it at once.
type Killer struct {
	kills atomic.Int64
	usual atomic.Int64 // nanoseconds that a program takes if it is not killed
}

// Kills returns how many programs have been killed before their end.
func (k *Killer) Kills() int { return int(k.kills.Load()) }

// Once starts a program and kills it at a random moment after its Ready, within about the time that such programs take. It returns
// the lines that the program printed, and whether it succeeded before it was killed.
func (k *Killer) Once(program *exec.Cmd) (lines []string, done bool, err error) {
	usual := max(time.Duration(k.usual.Load()), time.Millisecond)
	return k.run(program, rand.N(usual+usual/4))
}

// Full runs a program to its end. Once uses its duration as an estimate for later programs.
func (k *Killer) Full(program *exec.Cmd) (lines []string, err error) {
	lines, _, err = k.run(program, -1)
	return lines, err
}

// For is Once for programs that do not end. It kills the program at a random moment within atMost after its Ready.
func (k *Killer) For(program *exec.Cmd, atMost time.Duration) (lines []string, err error) {
	lines, _, err = k.run(program, rand.N(atMost))
	return lines, err
}

func (k *Killer) run(program *exec.Cmd, after time.Duration) (lines []string, done bool, err error) {
	var said strings.Builder
	program.Stderr = &said
	out, err := program.StdoutPipe()
	if err != nil {
		return nil, false, err
	}
	if err := program.Start(); err != nil {
		return nil, false, err
	}
	lines, began, killed := k.watch(program, out, after)
	err = program.Wait()
	switch {
	case err == nil:
		k.usual.Store(int64(time.Since(began)))
		return lines, true, nil
	case killed && program.ProcessState.ExitCode() == -1:
		k.kills.Add(1)
		return lines, false, nil
	}
	return lines, false, fmt.Errorf("%s %w: %s", program.Path, err, said.String())
}

// watch reads the program's output until the program ends.
func (k *Killer) watch(program *exec.Cmd, out io.Reader, after time.Duration) (lines []string, began time.Time, killed bool) {
	began = time.Now()
	var kill *time.Timer
	var fired atomic.Bool
	for s := bufio.NewScanner(out); s.Scan(); {
		if s.Text() != Ready {
			lines = append(lines, s.Text())
			continue
		}
		began = time.Now()
		if after >= 0 && kill == nil {
			kill = time.AfterFunc(after, func() {
				fired.Store(true)
				_ = program.Process.Kill() // it may have ended: then Wait reports that
			})
			defer kill.Stop()
		}
	}
	return lines, began, fired.Load()
}
