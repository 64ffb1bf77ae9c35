package bundle

import "fmt"

// IndexFile returns the name of the index of the checkpoint called prefix (MetaFilename in
// tensorflow/core/util/tensor_bundle/naming.cc). A prefix that ends in a slash has an empty base name.
func IndexFile(prefix string) string { return prefix + ".index" }

// DataFile returns the name of data file shard of n of the checkpoint called prefix (DataFilename).
func DataFile(prefix string, shard, n int) string {
	return fmt.Sprintf("%s.data-%05d-of-%05d", prefix, shard, n)
}
