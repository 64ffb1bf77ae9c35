package layers

import "testing"

func TestPoolingGolden(t *testing.T) { runGolden(t, "pooling", nil) }
