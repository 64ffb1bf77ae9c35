package layers

import "testing"

func TestDropoutGolden(t *testing.T) { runGolden(t, "dropout", nil) }
