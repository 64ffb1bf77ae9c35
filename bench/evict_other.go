//go:build !linux

package main

import "errors"

// canEvict says that [evict] does not work here.
const canEvict = false

func evict(string) error { return errors.ErrUnsupported }
