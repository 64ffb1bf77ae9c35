// Package splitname makes and reads the names that llama.cpp's gguf-split gives to the files of one model: NAME-00001-of-00003.gguf and
// so on. The first file stands for the model.
package splitname

import (
	"fmt"
	"regexp"
	"strconv"
)

// name is the form of the names; a stem may hold anything. Numbers have five digits.
var name = regexp.MustCompile(`(?s)^(.*)-(\d{5})-of-(\d{5})\.gguf$`)

// Make returns the path of file number n of count, counted from 1, of the model at stem.
func Make(stem string, n, count int64) string {
	return fmt.Sprintf("%s-%05d-of-%05d.gguf", stem, n, count)
}

// Parse returns the arguments of Make for a path, or ok false if Make makes no such path.
func Parse(path string) (stem string, n, count int64, ok bool) {
	m := name.FindStringSubmatch(path)
	if m == nil {
		return "", 0, 0, false
	}
	n, _ = strconv.ParseInt(m[2], 10, 64) // five digits
	count, _ = strconv.ParseInt(m[3], 10, 64)
	return m[1], n, count, 1 <= n && n <= count
}
