package layers

import "testing"

func TestEmbeddingGolden(t *testing.T) { runGolden(t, "embedding", nil) }
