package pb

import (
	"errors"
	"fmt"
	"slices"
)

// Check returns an error that satisfies errors.Is(err, errors.ErrUnsupported) if a reader of the given version must not read the file
// (CheckVersions in tensorflow/core/framework/versions.cc). oldest is the oldest version of a writer that the reader understands.
func (x *VersionDef) Check(version, oldest int32) error {
	switch {
	case x.GetProducer() < oldest:
		return fmt.Errorf("it was written by version %d of the format, want at least %d: %w", x.GetProducer(), oldest, errors.ErrUnsupported)
	case x.GetMinConsumer() > version:
		return fmt.Errorf("it needs a reader for version %d of the format or later, and this release supports version %d; use a newer release: %w",
			x.GetMinConsumer(), version, errors.ErrUnsupported)
	case slices.Contains(x.GetBadConsumers(), version):
		return fmt.Errorf("it does not allow readers of version %d of the format, such as this release: %w", version, errors.ErrUnsupported)
	}
	return nil
}
