package layers

import "testing"

func TestEinsumDenseGolden(t *testing.T) { runGolden(t, "einsum_dense", nil) }
