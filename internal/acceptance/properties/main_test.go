package properties

import (
	"context"
	"testing"

	"github.com/gockpt/ckpt/internal/ckpttest"
)

var ctx = context.Background()

func TestMain(m *testing.M) { ckpttest.Main(m) }
