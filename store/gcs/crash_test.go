package gcs

import (
	"context"
	"testing"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/internal/servertest"
)

// TestMain runs the tests, or a process of TestKilled.
func TestMain(m *testing.M) { servertest.Main(m, openPlain) }

func TestKilled(t *testing.T) { servertest.Killed(t, servertest.Fresh(serverAddress(t)), openPlain) }

func TestEveryCallFails(t *testing.T) {
	serverAddress(t)
	servertest.EveryCallFails(t, open)
}

// openPlain is Open without options.
func openPlain(ctx context.Context, address string) (store.Store, error) { return Open(ctx, address) }
