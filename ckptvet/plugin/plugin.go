// Package plugin makes ckptvet a linter of golangci-lint, as a module plugin. Put this into .custom-gcl.yml:
//
//	version: v2.15.0
//	plugins:
//	  - module: github.com/gockpt/ckpt/ckptvet
//	    import: github.com/gockpt/ckpt/ckptvet/plugin
//	    version: latest
//
// and this into .golangci.yml:
//
//	version: "2"
//	linters:
//	  enable: [ckptvet]
//	  settings:
//	    custom:
//	      ckptvet:
//	        type: module
//	        description: checks ckpt struct tags
//
// Then `golangci-lint custom` builds a golangci-lint that includes ckptvet.
package plugin

import (
	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/gockpt/ckpt/ckptvet"
)

func init() { register.Plugin("ckptvet", New) }

// New returns the linter. It has no settings.
func New(any) (register.LinterPlugin, error) { return linter{}, nil }

type linter struct{}

// BuildAnalyzers returns the one analyzer.
func (linter) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	return []*analysis.Analyzer{ckptvet.Analyzer}, nil
}

// GetLoadMode returns the mode for analyzers that use types.
func (linter) GetLoadMode() string { return register.LoadModeTypesInfo }
