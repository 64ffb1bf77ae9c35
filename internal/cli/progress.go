package cli

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/gockpt/ckpt"
)

// A bar shows the progress of a command, only on a terminal.
type bar struct {
	out   io.Writer // nil if there is no terminal
	what  string
	shown *progressbar.ProgressBar

	done, total int64 // bytes reported to add, and expected
}

func newBar(stderr io.Writer, what string) *bar {
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &bar{out: f, what: what}
	}
	return &bar{what: what}
}

// options returns the options that report the library's progress to the bar.
func (b *bar) options() []ckpt.OpenOption {
	if b.out == nil {
		return nil
	}
	return []ckpt.OpenOption{ckpt.WithProgress(b.progress)}
}

// report returns the function that shows a writer's progress, or nil without a terminal.
func (b *bar) report() func(done, total int64) {
	if b.out == nil {
		return nil
	}
	return func(done, total int64) { b.progress(ckpt.Progress{Done: done, Total: total}) }
}

func (b *bar) progress(p ckpt.Progress) {
	if b.shown == nil {
		b.shown = progressbar.NewOptions64(p.Total, progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription(b.what),
			progressbar.OptionShowBytes(true), progressbar.OptionUseIECUnits(true), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	}
	_ = b.shown.Set64(p.Done) // drawing errors do not matter
}

// clear erases the bar, so that a line can be printed. Further progress draws it again.
func (b *bar) clear() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}

// expect sets the number of bytes that add will report.
func (b *bar) expect(total int64) { b.total, b.done = total, 0 }

// add reports n more bytes.
func (b *bar) add(n int64) {
	b.done += n
	if b.out != nil && b.total > 0 {
		b.progress(ckpt.Progress{Done: min(b.done, b.total), Total: b.total})
	}
}

// allBytes returns the number of bytes of a checkpoint's tensors.
func allBytes(r *ckpt.Reader) (total int64) {
	for e, err := range r.All() {
		if err == nil {
			total += e.Bytes
		}
	}
	return total
}
