//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package fsx

import (
	"errors"
	"io"
)

func osLock(string) (io.Closer, error) { return nil, errors.ErrUnsupported }
