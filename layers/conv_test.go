package layers

import "testing"

func TestConvGolden(t *testing.T) { runGolden(t, "conv", nil) }
