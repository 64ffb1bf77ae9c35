// Package splitname makes and parses the names of one model's files from llama.cpp's gguf-split, such as
// NAME-00001-of-00003.gguf. The first file stands for the model.
package splitname

import (
	"fmt"
	"regexp"
	"strconv"
)

// name matches the names. A stem may have any characters. Numbers have five digits.
var name = regexp.MustCompile(`(?s)^(.*)-(\d{5})-of-(\d{5})\.gguf$`)

// Make returns the path of file number n of count, counted from 1, of the model at stem.
func Make(stem string, n, count int64) string {
	return fmt.Sprintf("%s-%05d-of-%05d.gguf", stem, n, count)
}

// Parse returns the arguments of Make for a path. ok is false if Make does not return such a path.
func Parse(path string) (stem string, n, count int64, ok bool) {
	m := name.FindStringSubmatch(path)
	if m == nil {
		return "", 0, 0, false
	}
	n, _ = strconv.ParseInt(m[2], 10, 64) // five digits
	count, _ = strconv.ParseInt(m[3], 10, 64)
	return m[1], n, count, 1 <= n && n <= count
}
