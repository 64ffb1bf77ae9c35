package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// writeSafetensors writes a safetensors file that has t under every key of w: the length of a JSON header, the header,
// the tensors' bytes. It is in Go because Python would take minutes for a million tensors.
func writeSafetensors(name string, w Workload, t *tensor.Tensor[float32]) (err error) {
	bytes, _ := tensor.Bytes(t)
	var header strings.Builder
	header.WriteByte('{')
	for i := range w.Tensors {
		if i > 0 {
			header.WriteByte(',')
		}
		at := i * len(bytes)
		fmt.Fprintf(&header, `"%d":{"dtype":"F32","shape":[%d],"data_offsets":[%d,%d]}`, i, w.Elements, at, at+len(bytes))
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	out.Write(binary.LittleEndian.AppendUint64(nil, uint64(header.Len())))
	out.WriteString(header.String())
	for range w.Tensors {
		out.Write(bytes)
	}
	if err := out.Flush(); err != nil { // Flush returns the first error of all writes
		f.Close()
		return err
	}
	return f.Close()
}
