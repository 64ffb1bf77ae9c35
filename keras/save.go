package keras

import (
	"context"
	"fmt"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
)

// Save writes model to a .keras archive, or only its weights if path ends in .weights.h5. Keras's load_model and
// load_weights read these files. The description of the model is written unchanged. Save takes the options of
// ckpt.SaveWeights. With ckpt.KeepFrom and the archive that the model was loaded from, Save also writes that archive's
// optimizer and vocabularies.
//
// A model that was made from a description of Keras 2, or from a legacy .h5 file, cannot be written to an archive, because
// archives need a description of Keras 3.
func Save(ctx context.Context, path string, model *layers.Model, opts ...ckpt.SaveWeightsOption) error {
	if !strings.HasSuffix(path, ".weights.h5") && !strings.HasSuffix(path, ".keras") {
		return fmt.Errorf("keras: write %s: expected a name that ends in .keras or .weights.h5", path)
	}
	return ckpt.SaveWeights(ctx, path, model, opts...)
}
