package input

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/term"
)

// StandardOutput is the file name that means standard output.
const StandardOutput = "-"

// ToStdout calls write with a temporary file and copies the file to standard output. Writers of weights need files: they seek back to
// fill in headers, and remove the file if they fail.
func (in *Streams) ToStdout(out io.Writer, write func(file string) error) (err error) {
	if f, ok := in.Stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return errors.New("- means standard output, which is a terminal: redirect it to a file or a program, as in `… - >OUT`")
	}
	dir, err := os.MkdirTemp("", "ckpt-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := filepath.Join(dir, "standard output")
	if err := write(name); err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(out, f); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
