package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
)

// Testing an implementation of store.Store takes one line.
func Example() {
	_ = func(t *testing.T) { // TestMyStore
		storetest.Run(t, func(*testing.T) store.Store { return store.Memory() })
	}
}

// Test a program with a store that loses its answers.
func ExampleFaulty() {
	s := storetest.NewFaulty(store.Memory())
	s.Inject(func(n int, c storetest.Call) storetest.Fault {
		if c.Op == storetest.Put {
			return storetest.Fail
		}
		return storetest.None
	})
	_, err := s.Put(context.Background(), "name", strings.NewReader("text"), 4)
	fmt.Println(errors.Is(err, storetest.ErrInjected))
	// Output: true
}
