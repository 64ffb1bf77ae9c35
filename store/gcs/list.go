package gcs

import (
	"cmp"
	"slices"
	"strings"

	"cloud.google.com/go/storage"

	"github.com/gockpt/ckpt/store"
)

// inOrder returns what a page lists, in the order of names.
func (b *bucket) inOrder(page []*storage.ObjectAttrs) []store.Object {
	var all []store.Object
	for _, a := range page {
		if a.Prefix != "" {
			all = append(all, store.Object{Name: strings.TrimPrefix(a.Prefix, b.prefix)})
		} else if name := strings.TrimPrefix(a.Name, b.prefix); name != "" && !strings.HasSuffix(name, "/") { // consoles make objects that stand for directories
			all = append(all, b.describe(a))
		}
	}
	slices.SortFunc(all, func(a, b store.Object) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
