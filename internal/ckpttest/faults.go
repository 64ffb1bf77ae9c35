package ckpttest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
)

// EveryFault makes every operation of some work fail in every way, once each: it returns an error, finds the disk full, writes half of its
// bytes, takes place although it returns an error, or the power goes before it. prepare returns a disk and the work, and check looks at the
// disk afterwards. After a crash it looks at what several reboots may find. err is what the work returned, and what says what was done.
//
// If CKPT_THOROUGH is not set, only the first operation of each kind on each kind of file fails (see [errfs.Operations]): once in one
// of the ways, and once in a crash, after which all unsynced changes are lost or, in another reboot, have one of the other fates.
//
// EveryFault returns the number of operations that failed.
func EveryFault(t *testing.T, prepare func() (disk *errfs.FS, work func() error), check func(disk *errfs.FS, err error, what string)) (tried int) {
	t.Helper()
	undisturbed, work := prepare()
	before := undisturbed.Ops()
	require.NoError(t, work())
	states, turn := 0, 0
	for n := range errfs.Operations(undisturbed.Log()[before:]) {
		reached := false
		some := thorough.Pick(failing, failing[turn%len(failing):][:1])
		for _, w := range append(slices.Clone(some), way{"crash", errfs.Crash}) {
			disk, work := prepare()
			at := disk.Ops() + n
			disk.Inject(errfs.At(at, w.fault))
			err := work()
			disk.Inject(nil)
			if disk.Ops() < at {
				require.NoError(t, err)
				continue
			}
			reached = true
			tried++
			what := fmt.Sprintf("%s at %v (%v)", w.name, disk.Log()[at-1], err)
			if !w.fault.Crash {
				check(disk, err, what)
				states++
				continue
			}
			all := fates(n)
			for _, f := range thorough.Pick(all, []fate{all[0], all[1+n%(len(all)-1)]}) {
				check(disk.Reboot(f.fate), err, what+", "+f.name)
				states++
			}
		}
		if !reached {
			break
		}
		turn++
	}
	t.Logf("%d operations failed, %d states checked", tried, states)
	return tried
}

// failing are the ways in which an operation fails while the power stays.
var failing = []way{{"error", errfs.IO}, {"no space", errfs.NoSpace}, {"short", errfs.Short}, {"torn", errfs.Torn}}

// A way is how an operation fails.
type way struct {
	name  string
	fault errfs.Fault
}

// EveryCrash runs work on disks that lose power before the first operation, the second, and so on, and calls check with the disk
// after a reboot. err is what work returned. EveryCrash returns the number of crashes.
func EveryCrash(t *testing.T, work func(*errfs.FS) error, check func(disk *errfs.FS, err error, what string)) int {
	t.Helper()
	for n := 1; ; n++ {
		disk := errfs.New()
		disk.Inject(errfs.At(n, errfs.Crash))
		err := work(disk)
		if disk.Ops() < n {
			require.NoError(t, err)
			return n - 1
		}
		if err != nil {
			require.ErrorIs(t, err, errfs.ErrCrashed)
		}
		for _, f := range fates(n) {
			check(disk.Reboot(f.fate), err, fmt.Sprintf("crash before %v, %s", disk.Log()[n-1], f.name))
		}
	}
}

// A fate decides which unsynced changes a crash loses.
type fate struct {
	name string
	fate errfs.Fate
}

// fates returns the fates after a crash before operation n.
func fates(n int) []fate {
	all := []fate{{"everything lost that was not synced", errfs.LoseAll}, {"nothing lost", errfs.KeepAll}}
	for i := range 4 {
		seed := uint64(4*n + i)
		all = append(all, fate{fmt.Sprint("some lost, seed ", seed), errfs.Lottery(seed)})
	}
	return all
}
