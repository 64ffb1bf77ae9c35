package ckptvet_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/gockpt/ckpt/ckptvet"
)

func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), ckptvet.Analyzer, "tags", "names", "used", "generic")
}

func TestSuggestedFixes(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), ckptvet.Analyzer, "fixes")
}
