package ckptvet_test

import (
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/passes/structtag"

	"github.com/gockpt/ckpt/ckptvet"
)

// A vet command of your own has the analyzer beside others.
func Example() {
	multichecker.Main(ckptvet.Analyzer, structtag.Analyzer)
}
