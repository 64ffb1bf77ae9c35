package cli

import "errors"

// A failure is an error of a command that was called correctly. All other errors are of wrong usage.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// Errors that end a command without a message.
var (
	errNoCommand = errors.New("no command")
	errDifferent = errors.New("the checkpoints differ")
	errTold      = errors.New("failed for some checkpoints") // it has printed the errors
)
