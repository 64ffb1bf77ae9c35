//go:build !linux

package main

import "errors"

// canEvict says that [evict] cannot do what it is for.
const canEvict = false

func evict(string) error { return errors.ErrUnsupported }
