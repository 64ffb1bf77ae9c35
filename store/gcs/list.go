package gcs

import (
	"cmp"
	"slices"
	"strings"

	"cloud.google.com/go/storage"

	"github.com/gockpt/ckpt/store"
)

// inOrder returns the objects and directories of a page, sorted by name.
func (b *bucket) inOrder(page []*storage.ObjectAttrs) []store.Object {
	var all []store.Object
	for _, a := range page {
		if a.Prefix != "" {
			all = append(all, store.Object{Name: strings.TrimPrefix(a.Prefix, b.prefix)})
		} else if name := strings.TrimPrefix(a.Name, b.prefix); name != "" && !strings.HasSuffix(name, "/") { // consoles create objects as placeholders for directories
			all = append(all, b.describe(a))
		}
	}
	slices.SortFunc(all, func(a, b store.Object) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
