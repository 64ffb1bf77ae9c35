package bundle

import (
	"fmt"
	"strconv"
	"strings"
)

// IndexFile returns the name of the index of the checkpoint called prefix (MetaFilename in
// tensorflow/core/util/tensor_bundle/naming.cc). A prefix that ends in a slash has an empty base name.
func IndexFile(prefix string) string { return prefix + ".index" }

// DataFile returns the name of data file shard of n of the checkpoint called prefix (DataFilename).
func DataFile(prefix string, shard, n int) string {
	return fmt.Sprintf("%s.data-%05d-of-%05d", prefix, shard, n)
}

// ParseDataFile is the inverse of DataFile. ok is false if DataFile does not return such a name.
func ParseDataFile(name string) (prefix string, shard, n int, ok bool) {
	at := strings.LastIndex(name, ".data-")
	if at < 0 {
		return "", 0, 0, false
	}
	first, last, _ := strings.Cut(name[at+len(".data-"):], "-of-")
	shard, err := strconv.Atoi(first)
	if err == nil {
		n, err = strconv.Atoi(last)
	}
	prefix = name[:at]
	return prefix, shard, n, err == nil && shard >= 0 && shard < n && DataFile(prefix, shard, n) == name
}
