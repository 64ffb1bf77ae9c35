package stores

import (
	"testing"

	"github.com/gockpt/ckpt/internal/ckpttest"
)

func TestMain(m *testing.M) { ckpttest.MainAtRoot(m) }
