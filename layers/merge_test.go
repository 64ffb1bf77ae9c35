package layers

import "testing"

func TestMergeGolden(t *testing.T) { runGolden(t, "merge", nil) }
