package ckpt

import (
	"context"
	"iter"
	"time"
)

// MinInterval makes an Iterator wait, after each checkpoint, until d has passed since it appeared (min_interval_secs).
func MinInterval(d time.Duration) WatchOption {
	return option(func(o *options) { o.watch.interval = d })
}

// Timeout ends the wait for a new checkpoint after d. Without it an [Iterator] and [WaitForNew] wait until their context ends.
func Timeout(d time.Duration) WatchOption {
	return option(func(o *options) { o.watch.timeout = &d })
}

// TimeoutFunc makes an Iterator call done after each checkpoint and each Timeout. The Iterator ends when done returns true,
// and a Timeout alone does not end it (timeout_fn).
func TimeoutFunc(done func() bool) WatchOption {
	return option(func(o *options) { o.watch.done = done })
}

// PollInterval makes an [Iterator] or [WaitForNew] check for a new checkpoint every d instead of every second (seconds_to_sleep).
func PollInterval(d time.Duration) WatchOption {
	return option(func(o *options) { o.watch.poll = d })
}

// Iterator yields the path of dir's latest checkpoint, and then of each new one as it appears (tf.train.checkpoints_iterator). A
// program can use it to evaluate a model that another program trains. Iterator skips a checkpoint that is replaced while the loop's
// body runs, and one with the same path as the previous one. dir need not exist yet.
//
// The sequence ends without an error when no new checkpoint appears within [Timeout] or when [TimeoutFunc] says so. If ctx ends,
// or [Latest] returns an error for the state file, Iterator yields that error with an empty path and ends.
//
// Options: [Timeout], [TimeoutFunc], [MinInterval], [PollInterval], [StateFile], [AbsolutePaths], [In], [WithFS], [WithLogger].
func Iterator(ctx context.Context, dir string, opts ...WatchOption) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		o, err := with(defaultOptions(), opts)
		if err != nil {
			yield("", err)
			return
		}
		for last := ""; ; {
			path, err := waitForNew(ctx, dir, last, o)
			if err != nil {
				yield("", err)
				return
			}
			if path != "" {
				came := time.Now()
				last = path
				if !yield(path, nil) {
					return
				}
				if err := sleep(ctx, o.watch.interval-time.Since(came)); err != nil {
					yield("", err)
					return
				}
			} else if o.watch.done == nil {
				o.logger.Info("Timed-out waiting for a checkpoint", "directory", dir)
				return
			}
			if o.watch.done != nil && o.watch.done() {
				o.logger.Info("Done. No new checkpoints will be generated.", "directory", dir)
				return
			}
			if path == "" { // a short Timeout does not poll more often
				if err := sleep(ctx, o.watch.poll-*o.watch.timeout); err != nil {
					yield("", err)
					return
				}
			}
		}
	}
}

// WaitForNew waits until dir's latest checkpoint is not last and returns its path, or "" after Timeout (wait_for_new_checkpoint).
//
// Options: [Timeout], [PollInterval], [StateFile], [AbsolutePaths], [In], [WithFS], [WithLogger].
func WaitForNew(ctx context.Context, dir, last string, opts ...WatchOption) (path string, err error) {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return "", err
	}
	return waitForNew(ctx, dir, last, o)
}

func waitForNew(ctx context.Context, dir, last string, o options) (string, error) {
	start := time.Now()
	for {
		path, err := o.place(ctx).Latest(dir)
		if err != nil || path != "" && path != last {
			return path, err
		}
		pause := max(o.watch.poll, time.Millisecond)
		if o.watch.timeout != nil {
			left := *o.watch.timeout - time.Since(start)
			if left <= 0 {
				return "", nil
			}
			pause = min(pause, left)
		}
		if err := sleep(ctx, pause); err != nil {
			return "", err
		}
	}
}

// sleep waits for d to pass. If ctx ends before, the error is its cause.
func sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil || d <= 0 {
		return context.Cause(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
