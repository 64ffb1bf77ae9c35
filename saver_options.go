package ckpt

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
)

// saverOptions is what the options of [NewSaver] and [Saver.Save] amount to.
type saverOptions struct {
	step     *int64
	pad      bool
	relative bool
	noState  bool
}

// GlobalStep makes one [Saver.Save] append "-n" to its prefix (global_step).
func GlobalStep(n int64) SaverSaveOption {
	return option(func(o *options) { o.saver.step = &n })
}

// PadStep writes the numbers of [GlobalStep] with eight digits, so that names sort as numbers do (pad_step_number).
func PadStep() SaverOption { return option(func(o *options) { o.saver.pad = true }) }

// RelativePaths makes a [Saver] write the state file with paths relative to its directory, whatever the prefix
// (save_relative_paths), so that the directory can be moved.
func RelativePaths() SaverOption {
	return option(func(o *options) { o.saver.relative = true })
}

// NoStateFile makes a [Saver] write a checkpoint without naming it in the state file, counting it or deleting others
// (write_state=False).
func NoStateFile() StateOption {
	return option(func(o *options) { o.saver.noState = true })
}

// check returns what is wrong with the options of a Saver.
func (o *options) checkSaver() error {
	switch m := &o.manager; {
	case m.keepLast != nil && *m.keepLast < 0:
		return fmt.Errorf("KeepLast(%d): a positive number is wanted, or 0 to keep all", *m.keepLast)
	case m.keepEvery != nil && *m.keepEvery <= 0:
		return fmt.Errorf("KeepEvery(%v): a positive duration is wanted", *m.keepEvery)
	case filepath.Base(o.stateFile) != o.stateFile:
		return errors.New("StateFile: 'latest_filename' must not contain path components")
	}
	return nil
}

// path returns what a save to prefix is called.
func (o *saverOptions) path(prefix string) string {
	switch {
	case o.step == nil:
		return prefix
	case o.pad:
		return fmt.Sprintf("%s-%08d", prefix, *o.step)
	}
	return prefix + "-" + strconv.FormatInt(*o.step, 10)
}
