package plugin_test

import (
	"testing"

	"github.com/golangci/plugin-module-register/register"

	"github.com/gockpt/ckpt/ckptvet"
	_ "github.com/gockpt/ckpt/ckptvet/plugin"
)

func TestPlugin(t *testing.T) {
	build, err := register.GetPlugin("ckptvet")
	if err != nil {
		t.Fatal(err)
	}
	linter, err := build(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := linter.BuildAnalyzers()
	if err != nil || len(got) != 1 || got[0] != ckptvet.Analyzer {
		t.Errorf("BuildAnalyzers() = %v, %v", got, err)
	}
	if linter.GetLoadMode() != register.LoadModeTypesInfo {
		t.Errorf("GetLoadMode() = %q", linter.GetLoadMode())
	}
}
