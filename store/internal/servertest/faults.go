package servertest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
)

// EveryCallFails saves a checkpoint of two workers many times, each time on a store that open returns and
// with a fault in another call of the store. The call is not carried out, its answer is lost, or it is
// carried out much later. The worker that got the error runs again. Until then the latest checkpoint must be
// the previous one, and complete. Afterwards it must be the new one. It tries a sample of the calls, or all
// if CKPT_THOROUGH is set.
func EveryCallFails(t *testing.T, open func(t *testing.T) store.Store) {
	step := thorough.Pick(1, 7)
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			last := 0
			for n := 1; ; n += step {
				s := storetest.NewFaulty(open(t))
				reached, err := saveWithFault(t.Context(), s, n, fault)
				if err != nil {
					t.Fatalf("call %d: %v", n, err)
				}
				if !reached {
					break
				}
				last = n
			}
			if last < 20 {
				t.Errorf("only %d calls were made", last)
			}
		})
	}
}

// saveWithFault saves a second checkpoint on s with a fault in the nth call. It reports whether the save made that many calls.
func saveWithFault(ctx context.Context, s *storetest.Faulty, n int, fault storetest.Fault) (reached bool, err error) {
	const of = 2
	save := func(step int, try func(want int, do func() error) error) error {
		for number := range of {
			if err := try(step-1, func() error { return section(ctx, s, step, number, of) }); err != nil {
				return fmt.Errorf("section %d: %w", number, err)
			}
		}
		return try(step-1, func() error {
			_, err := ckpt.Merge(ctx, prefixOf(step), ckpt.In(s), ckpt.Attempt("only"))
			return err
		})
	}
	if err := save(1, func(_ int, do func() error) error { return do() }); err != nil {
		return false, err
	}
	s.Inject(func(i int, _ storetest.Call) storetest.Fault {
		if i != n {
			return storetest.None
		}
		reached = true
		return fault
	})
	err = save(2, func(before int, do func() error) error {
		failed := do()
		if failed == nil {
			return nil
		}
		if now, err := latest(s); err != nil || now < before {
			return fmt.Errorf("after %w: step %d is the latest: %v", failed, now, err)
		} else if err := load(ctx, s, now); err != nil {
			return fmt.Errorf("after %w: %v", failed, err)
		}
		s.Deliver()
		if err := do(); err != nil {
			return fmt.Errorf("again, after %w: %w", failed, err)
		}
		return nil
	})
	s.Inject(nil)
	s.Deliver()
	if err != nil {
		return reached, err
	}
	if now, err := latest(s); err != nil || now != 2 {
		return reached, errors.Join(fmt.Errorf("step %d is the latest", now), err)
	}
	return reached, load(ctx, s, 2)
}
