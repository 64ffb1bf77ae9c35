// Ckptvet checks the ckpt struct tags of Go packages. Package ckptvet documents the mistakes that it finds.
//
//	go run github.com/gockpt/ckpt/ckptvet/cmd/ckptvet@latest ./...
//
// To run it from go vet, as a tool of the module that it checks:
//
//	go get -tool github.com/gockpt/ckpt/ckptvet/cmd/ckptvet
//	go vet -vettool=$(go tool -n ckptvet) ./...
//
// With -fix it applies the first suggested fix of each finding.
package main

import (
	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/gockpt/ckpt/ckptvet"
)

func main() { singlechecker.Main(ckptvet.Analyzer) }
