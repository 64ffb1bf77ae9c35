package ckptvet_test

import (
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/passes/structtag"

	"github.com/gockpt/ckpt/ckptvet"
)

// Your own vet command can include the analyzer next to others.
func Example() {
	multichecker.Main(ckptvet.Analyzer, structtag.Analyzer)
}
