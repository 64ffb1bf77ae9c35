package keras

import (
	"context"
	"fmt"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
)

// Save writes model to path: to a .keras archive, or, where path ends in .weights.h5, its weights alone. Keras's load_model and
// load_weights read them. The description of the model is written as it was read. The options are those of [ckpt.SaveWeights]:
// [ckpt.KeepFrom] names the archive that the model was loaded from, so that its optimizer and vocabularies are written back.
//
// A model that was made from a description of Keras 2, or from that in a legacy .h5 file, cannot be written to an archive,
// whose descriptions have another form.
func Save(ctx context.Context, path string, model *layers.Model, opts ...ckpt.SaveWeightsOption) error {
	if !strings.HasSuffix(path, ".weights.h5") && !strings.HasSuffix(path, ".keras") {
		return fmt.Errorf("keras: write %s: expected a name that ends in .keras or .weights.h5", path)
	}
	return ckpt.SaveWeights(ctx, path, model, opts...)
}
