module github.com/gockpt/ckpt

go 1.26.0

require (
	github.com/klauspost/compress v1.20.3
	github.com/mitchellh/reflectwalk v1.0.2
	github.com/stretchr/testify v1.12.1
	golang.org/x/sync v0.24.0
	gonum.org/v1/gonum v0.17.0
	google.golang.org/protobuf v1.36.12
	pgregory.net/rapid v1.3.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
