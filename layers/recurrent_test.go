package layers

import (
	"testing"
)

func TestRecurrentGolden(t *testing.T) { runGolden(t, "recurrent", nil) }

func TestConvLSTMGolden(t *testing.T) { runGolden(t, "convlstm", nil) }
