package layers

import "testing"

func TestReshapingGolden(t *testing.T) { runGolden(t, "reshaping", nil) }
